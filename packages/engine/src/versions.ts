import SemVer from 'semver/classes/semver.js';

/**
 * Reads a version strictly (Semantic Versioning 2.0.0, section 2 and 9 to 10): three numbers, no leading `v`, no blanks;
 * undefined for anything else and for more than 256 characters.
 */
export function parseVersion(text: string): SemVer | undefined {
  if (text !== lastText) {
    lastVersion = parse(text);
    lastText = text;
  }
  return lastVersion;
}

/** Precedence of two versions (Semantic Versioning 2.0.0, section 11): build metadata does not count. */
export function compareVersions(left: SemVer, right: SemVer): number {
  return left.compare(right);
}

function parse(text: string): SemVer | undefined {
  if (text.length > 256 || !strictVersion.test(text)) return undefined;
  try {
    return new SemVer(text);
  } catch {
    // Numbers beyond 2 ** 53 - 1 have the right shape but no value.
    return undefined;
  }
}

// Several conditions of one evaluation look at the same version.
let lastText = '';
let lastVersion: SemVer | undefined;

const strictVersion = /^\d[0-9A-Za-z.+-]*$/;
