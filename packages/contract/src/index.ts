export * from './endpoint.ts';
export * from './environment-document.ts';
export * from './evaluation.ts';
export * from './features.ts';
export * from './fields.ts';
export * from './multivariate-options.ts';
export * from './values.ts';
