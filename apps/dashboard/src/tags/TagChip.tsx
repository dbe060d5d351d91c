import classes from './TagChip.module.css';

/** A tag as a small label. Its colour is a dot, so that the text is readable whatever colour somebody chose. */
export function TagChip({ tag }: { tag: { label: string; color: string } }) {
  return (
    <span className={classes.chip}>
      <span className={classes.dot} style={{ background: tag.color }} aria-hidden />
      <span className="truncate">{tag.label}</span>
    </span>
  );
}
