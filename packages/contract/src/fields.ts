import { z } from 'zod';

/*
 * Building blocks of request and response schemas. Requests are read as the reference's serializers read them:
 * numbers are taken for text, numeric text for integers, `"true"` for true, and text is trimmed.
 * The server words the messages; a schema words only what it alone knows.
 */

export const maxId = 2_147_483_647;

/** An integer id that fits 31 bits. */
export const id = z.number().int().positive().max(maxId);
export const uuid = z.uuid();
/** ISO 8601, UTC. */
export const time = z.iso.datetime({ offset: true });

/** An id in a path: text of digits. */
export const pathId = z.coerce.number().int().positive().max(maxId);

/** An id in a query or body: a number or text of digits. */
export const idInput = z.preprocess(numberFromText, id);

export function integerInput(limits: { min?: number; max?: number } = {}) {
  return z.preprocess(
    numberFromText,
    z
      .number()
      .int()
      .min(limits.min ?? -2_147_483_648)
      .max(limits.max ?? maxId),
  );
}

export function numberInput(limits: { min: number; max: number }) {
  return z.preprocess(numberFromText, z.number().min(limits.min).max(limits.max));
}

/** Text of at least one character after trimming. */
export function textInput(maxLength: number) {
  return z.preprocess(textFromScalar, limitedText(maxLength).min(1, { error: 'This field may not be blank.' }));
}

/** Text that may be empty. */
export function blankableTextInput(maxLength: number) {
  return z.preprocess(textFromScalar, limitedText(maxLength));
}

/** An `http:` or `https:` URL. */
export function urlInput(maxLength: number) {
  return textInput(maxLength).refine(isUrl, { error: 'Enter a valid URL.' });
}

/** Text as it was given, blanks at its ends included: for what is compared with what people send. */
export function exactTextInput(maxLength: number) {
  return z.preprocess((value) => (typeof value === 'number' ? String(value) : value), limitedText(maxLength));
}

export const booleanInput = z.preprocess(booleanFromText, z.boolean());

export const emailInput = z.preprocess(
  textFromScalar,
  z
    .string()
    .max(254)
    .regex(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, { error: 'Enter a valid email address.' })
    .transform((email) => email.toLowerCase()),
);

/** A file of a multipart request. */
export interface UploadedFile {
  filename: string;
  bytes: Uint8Array;
}

/** A file of a multipart request, as text in UTF-8. A client that sends JSON may give the text itself. */
export function fileInput(limits: { maxBytes: number }) {
  return z
    .unknown()
    .transform((value, check) => {
      const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : (value as UploadedFile | null)?.bytes;
      const refuse = (message: string) => {
        check.addIssue({ code: 'custom', message });
        return z.NEVER;
      };
      if (!(bytes instanceof Uint8Array)) return refuse('No file was submitted.');
      if (bytes.length === 0) return refuse('The submitted file is empty.');
      if (bytes.length > limits.maxBytes) return refuse('File size is too large.');
      try {
        return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      } catch {
        return refuse('The file is not text in UTF-8.');
      }
    })
    .meta({ type: 'string', format: 'binary' });
}

/** Characters are counted as code points, so that an emoji is one. NUL is refused: not every database stores it. */
function limitedText(maxLength: number) {
  return z
    .string()
    .refine((text) => text.length <= maxLength || [...text].length <= maxLength, {
      error: `Ensure this field has no more than ${maxLength} characters.`,
    })
    .refine((text) => !text.includes('\0'), { error: 'Null characters are not allowed.' })
    .meta({ maxLength });
}

/** Query of a list that is answered in pages. */
export const pageQuery = z.object({
  page: z.preprocess(numberFromText, z.number().int().positive().max(1_000_000)).default(1),
  page_size: z.preprocess(numberFromText, z.number().int().positive().max(999)).catch(999).default(999),
});
export type PageQuery = z.output<typeof pageQuery>;

/** What a service answers for a paged list; `next` and `previous` are added on the way out. */
export interface Page<T> {
  count: number;
  results: T[];
}

export function page<T extends z.ZodType>(item: T) {
  return z.object({
    count: z.number().int(),
    next: z.string().nullish(),
    previous: z.string().nullish(),
    results: z.array(item),
  });
}

function isUrl(text: string): boolean {
  if (text === '') return true; // Said by another message.
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && !/\s/.test(text);
}

function numberFromText(value: unknown): unknown {
  return typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value;
}

function textFromScalar(value: unknown): unknown {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value.trim() : value;
}

function booleanFromText(value: unknown): unknown {
  if (value === 'true' || value === 'True' || value === '1' || value === 1) return true;
  if (value === 'false' || value === 'False' || value === '0' || value === 0) return false;
  return value;
}
