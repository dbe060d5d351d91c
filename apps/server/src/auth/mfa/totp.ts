import { generateSecret, generateURI, verifySync } from 'otplib';

export const newSecret = (): string => generateSecret();

/** What authenticator apps read from a QR code. */
export function otpauthLink(secret: string, email: string): string {
  return generateURI({ issuer: 'Halyard', label: email, secret });
}

/**
 * The half minute that a code of the app belongs to, counted from 1970; null for one that is wrong. Clocks may differ by one
 * half minute.
 */
export function stepOf(code: string, secret: string, nowMs: number): number | null {
  if (!/^\d{6}$/.test(code)) return null;
  const result = verifySync({ secret, token: code, epoch: Math.floor(nowMs / 1000), epochTolerance: 30 });
  return result.valid && 'timeStep' in result ? result.timeStep : null;
}
