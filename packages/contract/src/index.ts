export * from './environment-document.ts';
export * from './evaluation.ts';
