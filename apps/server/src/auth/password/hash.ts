import { hash, verify } from '@node-rs/argon2';

/** Argon2id, which the library takes by default; costs of OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane. */
const costs = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Hash of a random text that nobody kept, made with the same costs. */
const decoy = '$argon2id$v=19$m=19456,t=2,p=1$0XNICeIZHGP5RBa7eG+60Q$iWVmDo1EAmUgUUhrGeXr04ZlaMicXbrEYj7hieyK3qI';

/** Salted; the same password gives another hash each time. */
export async function hashPassword(password: string): Promise<string> {
  return hash(typed(password), costs);
}

/**
 * Whether the password is the one of the hash. Takes the same time without a hash, or with one that no password fits, so that
 * nobody learns from it which accounts exist.
 */
export async function passwordFits(passwordHash: string | null, password: string): Promise<boolean> {
  const known = passwordHash?.startsWith('$argon2id$') ? passwordHash : null;
  const fits = await verify(known ?? decoy, typed(password));
  return fits && known !== null;
}

/** Keyboards differ in how they send an accented letter; it is the same password. */
function typed(password: string): string {
  return password.normalize('NFKC');
}
