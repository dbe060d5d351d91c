import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  randomInt,
} from 'node:crypto';

/** Encrypts and decrypts under the installation's secret. */
export interface Vault {
  encrypt(text: string): string;
  /** Null where the text was encrypted under another secret. */
  decrypt(text: string): string | null;
  /** A hash that nobody can compute without the installation's secret, hex: for codes short enough to be tried through. */
  keyedHash(text: string): string;
}

/** AES-256-GCM with a key derived from the installation's secret. */
export function createVault(secretKey: string): Vault {
  const key = Buffer.from(hkdfSync('sha256', secretKey, '', 'halyard-vault', 32));
  const hashKey = Buffer.from(hkdfSync('sha256', secretKey, '', 'halyard-keyed-hash', 32));
  return {
    encrypt(text) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
    },
    decrypt(text) {
      const bytes = Buffer.from(text, 'base64');
      if (bytes.length < 28) return null;
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
      decipher.setAuthTag(bytes.subarray(12, 28));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
      } catch {
        return null; // The tag does not fit: another secret, or damaged text.
      }
    },
    keyedHash: (text) => createHmac('sha256', hashKey).update(text, 'utf8').digest('hex'),
  };
}

/** SHA-256, hex: how long random secrets are stored. */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';

/** Random text of letters and digits without look-alikes; 22 of them carry 128 bits. */
export function randomText(length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += alphabet[randomInt(alphabet.length)];
  return text;
}

/** Random lower-case hex digits. */
export function randomHex(length: number): string {
  return randomBytes(Math.ceil(length / 2))
    .toString('hex')
    .slice(0, length);
}
