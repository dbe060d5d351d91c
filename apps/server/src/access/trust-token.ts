import { jwtVerify, SignJWT } from 'jose';
import type { Vault } from '../secrets.ts';
import { plusSeconds, type Timestamp } from '../time.ts';

/** How long a token that was given for one of a trusted issuer is good. */
export const trustTokenSeconds = 3600;

/** Which trust relationship, as it was when the token was made. */
export interface TrustClaim {
  id: number;
  generation: number;
}

export async function makeTrustToken(ctx: { vault: Vault; now: () => Timestamp }, claim: TrustClaim): Promise<string> {
  const at = ctx.now();
  return new SignJWT({ token_type: tokenType, generation: claim.generation })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(String(claim.id))
    .setIssuedAt(new Date(at))
    .setExpirationTime(new Date(plusSeconds(at, trustTokenSeconds)))
    .sign(keyOf(ctx.vault));
}

/** Null for a token that is not ours, or has expired. */
export async function readTrustToken(vault: Vault, token: string, now: Timestamp): Promise<TrustClaim | null> {
  try {
    const { payload } = await jwtVerify(token, keyOf(vault), {
      algorithms: ['HS256'],
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(now),
    });
    if (payload.token_type !== tokenType) return null;
    return { id: Number(payload.sub), generation: Number(payload.generation) };
  } catch {
    return null; // Not signed by us, or expired: there is nothing else to tell.
  }
}

const tokenType = 'trust_relationship';

/** A key for this purpose alone. */
function keyOf(vault: Vault): Uint8Array {
  return Buffer.from(vault.keyedHash('trust-relationship-token'), 'hex');
}
