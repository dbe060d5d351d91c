import {
  ActionIcon,
  Box,
  Group,
  Input,
  NativeSelect,
  SegmentedControl,
  Skeleton,
  Text,
  Textarea,
  TextInput,
  Tooltip,
} from '@mantine/core';
import { IconWand } from '@tabler/icons-react';
import { lazy, Suspense, useId, useState } from 'react';
import type { Scalar } from './shown.ts';
import { type Format, formatNames, formats, formatOf, formatted, scalarFrom } from './values.ts';
import classes from './ValueEditor.module.css';

const CodeEditor = lazy(() => import('./CodeEditor.tsx').then((module) => ({ default: module.CodeEditor })));

interface ValueEditorProps {
  label: string;
  value: Scalar;
  onChange: (value: Scalar) => void;
  /** Says whether what stands in the editor cannot be a value, so that it is not saved. */
  onProblem?: (problem: string | undefined) => void;
  readOnly?: boolean;
  error?: string | undefined;
}

/** Edits a value with its type: text, number, boolean, or JSON, YAML and XML with colours, checking and layout. */
export function ValueEditor({ label, value, onChange, onProblem, readOnly = false, error }: ValueEditorProps) {
  const [format, setFormat] = useState<Format>(() => formatOf(value));
  const [draft, setDraft] = useState<{ text: string; of: Scalar }>({ text: String(value ?? ''), of: value });
  const id = useId();
  // Where the value changed outside (discard, another person), what stands here follows.
  const text = Object.is(draft.of, value) ? draft.text : String(value ?? '');
  const outcome = scalarFrom(format, text);
  const problem = 'problem' in outcome ? outcome.problem : undefined;

  function change(next: string, nextFormat = format) {
    const result = scalarFrom(nextFormat, next);
    const scalar = 'value' in result ? result.value : value;
    setDraft({ text: next, of: scalar });
    onProblem?.('problem' in result ? result.problem : undefined);
    if (!Object.is(scalar, value)) onChange(scalar);
  }

  function changeFormat(next: Format) {
    setFormat(next);
    change(next === 'boolean' ? String(text === 'true') : text, next);
  }

  const shared = { id, readOnly, 'aria-label': label };
  return (
    <Box>
      <Group justify="space-between" mb={4} wrap="nowrap">
        <Input.Label htmlFor={id}>{label}</Input.Label>
        <Group gap={4} wrap="nowrap">
          {(format === 'json' || format === 'yaml') && !readOnly && (
            <Tooltip label="Lay out">
              <ActionIcon size="sm" aria-label="Lay out" onClick={() => change(formatted(format, text))}>
                <IconWand size={15} />
              </ActionIcon>
            </Tooltip>
          )}
          <NativeSelect
            size="xs"
            variant="unstyled"
            aria-label={`Type of ${label.toLowerCase()}`}
            value={format}
            disabled={readOnly}
            data={formats.map((name) => ({ value: name, label: formatNames[name] }))}
            onChange={(event) => changeFormat(event.currentTarget.value as Format)}
          />
        </Group>
      </Group>
      {format === 'boolean' && (
        <SegmentedControl
          aria-label={label}
          value={text === 'true' ? 'true' : 'false'}
          readOnly={readOnly}
          onChange={(next) => change(next)}
          data={['true', 'false']}
        />
      )}
      {format === 'number' && (
        <TextInput
          {...shared}
          className="mono"
          inputMode="numeric"
          value={text}
          onChange={(event) => change(event.currentTarget.value)}
        />
      )}
      {format === 'text' && (
        <Textarea
          {...shared}
          autosize
          minRows={1}
          maxRows={12}
          classNames={{ input: 'mono' }}
          placeholder="No value"
          value={text}
          onChange={(event) => change(event.currentTarget.value)}
        />
      )}
      {(format === 'json' || format === 'yaml' || format === 'xml') && (
        <Box className={classes.code}>
          <Suspense fallback={<Skeleton height={120} />}>
            <CodeEditor
              label={label}
              value={text}
              format={format}
              readOnly={readOnly}
              onChange={(next) => change(next)}
            />
          </Suspense>
        </Box>
      )}
      {(problem ?? error) && (
        <Text size="xs" c="var(--mantine-color-error)" mt={4} role="alert">
          {problem ?? error}
        </Text>
      )}
    </Box>
  );
}
