/** Colours for environments without a banner colour of their own, told apart in both themes. */
const palette = ['#1c7ed6', '#7048e8', '#0ca678', '#c2255c', '#4263eb', '#5c940d', '#0b7285', '#9c36b5'];

interface Coloured {
  id: number;
  name: string;
  banner_colour?: string | null;
}

/** Whether the name says that real users are served there. */
export function isProduction(environment: { name: string; is_production?: boolean }): boolean {
  return environment.is_production ?? /\b(prod(uction)?|live)\b/i.test(environment.name);
}

/** The colour that an environment has everywhere: its own, red for production, amber for staging, else one of the palette. */
export function colourOf(environment: Coloured & { is_production?: boolean }): string {
  if (environment.banner_colour && /^#[0-9a-f]{3,8}$/i.test(environment.banner_colour))
    return environment.banner_colour;
  if (isProduction(environment)) return '#e03131';
  if (/stag|pre-?prod|uat|accept/i.test(environment.name)) return '#e8890c';
  if (/dev|local/i.test(environment.name)) return '#1c7ed6';
  return palette[environment.id % palette.length] as string;
}
