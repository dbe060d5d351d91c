import { json } from '@codemirror/lang-json';
import { xml } from '@codemirror/lang-xml';
import { yaml } from '@codemirror/lang-yaml';
import { useComputedColorScheme } from '@mantine/core';
import CodeMirror, { EditorView } from '@uiw/react-codemirror';
import type { Format } from './values.ts';

interface CodeEditorProps {
  value: string;
  format: Format;
  onChange: (text: string) => void;
  label: string;
  readOnly?: boolean;
}

/** The card's colours in both themes, so that every token stands out enough. */
const surface = EditorView.theme({
  '&.cm-editor': { backgroundColor: 'var(--card)' },
  '&.cm-editor .cm-gutters': { backgroundColor: 'var(--card)', color: 'var(--mantine-color-dimmed)' },
});

/** An editor with line numbers, folding and colours. Tab leaves it, as everywhere; Escape then Tab is not needed. */
export function CodeEditor({ value, format, onChange, label, readOnly = false }: CodeEditorProps) {
  const theme = useComputedColorScheme('light');
  const language = { json: json(), yaml: yaml(), xml: xml() }[format as string];
  return (
    <CodeMirror
      value={value}
      theme={theme}
      readOnly={readOnly}
      indentWithTab={false}
      minHeight="120px"
      maxHeight="50vh"
      extensions={[
        ...(language ? [language] : []),
        surface,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': label }),
      ]}
      onChange={onChange}
    />
  );
}
