import type { UploadedFile } from '@halyard/contract';
import { refused } from '../errors.ts';

const maxParts = 100;

/** Reads a multipart body: fields as text, files as `UploadedFile`. The last part of a name counts. @throws RequestError 400 */
export async function parseMultipart(
  contentType: string,
  body: Buffer,
): Promise<Record<string, string | UploadedFile>> {
  let form: FormData;
  try {
    form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData();
  } catch {
    throw refused('Multipart form parse error - the body does not fit its boundary.');
  }
  const parts = [...form];
  if (parts.length > maxParts) throw refused(`Multipart form parse error - more than ${maxParts} parts.`);
  const read = async ([name, value]: [string, FormDataEntryValue]) => {
    if (typeof value === 'string') return [name, value] as const;
    return [name, { filename: value.name, bytes: new Uint8Array(await value.arrayBuffer()) }] as const;
  };
  return Object.fromEntries(await Promise.all(parts.map(read)));
}
