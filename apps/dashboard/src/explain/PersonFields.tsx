import { Autocomplete, Stack, Textarea } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Asked, parseTraits, traitsText } from './person.ts';
import { suggestions } from './queries.ts';

interface PersonFieldsProps {
  /** Whose identities complete the identifier. */
  environment: string;
  value: Asked;
  onChange: (asked: Asked) => void;
  /** Behind the labels, where there are several people. */
  of?: string;
}

/** Who is asked about: an identifier that is completed from those that are known, and traits to lay over what is known. */
export function PersonFields({ environment, value, onChange, of = '' }: PersonFieldsProps) {
  const [draft, setDraft] = useState(() => traitsText(value.traits));
  const parsed = parseTraits(draft);
  const [typed] = useDebouncedValue(value.id ?? '', 200);
  const { data: found } = useQuery({ ...suggestions(environment, typed), enabled: environment !== '', retry: false });
  const suffix = of ? ` of ${of}` : '';
  return (
    <Stack gap="xs">
      <Autocomplete
        label="Identifier"
        aria-label={`Identifier${suffix}`}
        placeholder="ada@example.com"
        autoComplete="off"
        data={[...new Set(found?.results.map(({ identifier }) => identifier))]}
        value={value.id ?? ''}
        onChange={(id) => onChange({ ...(id && { id }), ...(value.traits && { traits: value.traits }) })}
      />
      <Textarea
        label="Traits"
        aria-label={`Traits${suffix}`}
        placeholder={'plan: pro\nage: 36'}
        description={of ? undefined : 'JSON, or one a line. They lie over the stored ones.'}
        autosize
        minRows={2}
        maxRows={10}
        classNames={{ input: 'mono' }}
        value={draft}
        error={'problem' in parsed && parsed.problem}
        onChange={(event) => {
          const text = event.currentTarget.value;
          setDraft(text);
          const next = parseTraits(text);
          if (!('traits' in next)) return;
          const hasTraits = Object.keys(next.traits).length > 0;
          onChange({ ...(value.id && { id: value.id }), ...(hasTraits && { traits: next.traits }) });
        }}
      />
    </Stack>
  );
}
