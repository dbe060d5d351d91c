import type { Trait } from '@halyard/contract';

export const traitKinds = ['text', 'number', 'boolean'] as const;
export type TraitKind = (typeof traitKinds)[number];
export type TraitValue = string | number | boolean;

export function valueOf(trait: Trait): TraitValue {
  switch (trait.value_type) {
    case 'bool':
      return trait.boolean_value ?? false;
    case 'int':
      return trait.integer_value ?? 0;
    case 'float':
      return trait.float_value ?? 0;
    case 'unicode':
      return trait.string_value ?? '';
  }
}

export function kindOf(value: TraitValue): TraitKind {
  return typeof value === 'string' ? 'text' : typeof value === 'number' ? 'number' : 'boolean';
}

/** The value that somebody typed, or what is wrong with it. */
export function parsed(kind: TraitKind, text: string): { value: TraitValue } | { problem: string } {
  if (kind === 'boolean') return { value: text === 'true' };
  if (kind === 'text') return { value: text };
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value) ? { value } : { problem: 'This is no number' };
}
