import { colourOf } from './colour.ts';
import classes from './EnvironmentBanner.module.css';

interface EnvironmentBannerProps {
  environment: Parameters<typeof colourOf>[0] & { banner_text: string | null };
}

/** What people want said of an environment, in its colour; nothing where they want nothing said. */
export function EnvironmentBanner({ environment }: EnvironmentBannerProps) {
  const text = environment.banner_text?.trim();
  if (!text) return null;
  return (
    <p className={classes.banner} style={{ '--banner': colourOf(environment) } as React.CSSProperties}>
      {text}
    </p>
  );
}
