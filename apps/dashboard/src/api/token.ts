const key = 'halyard.token';

/** The token of this browser's login, or null. Kept across tabs and restarts until logging out. */
export function token(): string | null {
  return localStorage.getItem(key);
}

export function keepToken(value: string): void {
  localStorage.setItem(key, value);
}

export function forgetToken(): void {
  localStorage.removeItem(key);
}
