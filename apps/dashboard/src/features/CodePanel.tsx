import type { FeaturePage } from '@halyard/contract';
import { ActionIcon, Anchor, Box, Code, CopyButton, Group, Stack, Text, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { Fragment } from 'react';
import { Time } from '../ui/Time.tsx';
import { Section } from './EnvironmentPanel.tsx';

/** Where code names the feature, as far as the project's CI has told. */
export function CodePanel({ page }: { page: FeaturePage }) {
  const { code } = page;
  const count = code.reduce((sum, repository) => sum + repository.count, 0);
  if (code.length === 0) return <NothingTold page={page} />;
  const isGone = count === 0 && code.some(({ last_found_at }) => last_found_at !== null);
  return (
    <Section title="In the code" count={count} description="Where your repositories name this feature.">
      {isGone && <Text size="sm">No code names it any more. It may be time to archive or delete it.</Text>}
      {code.map((repository) => (
        <Repository key={repository.repository_url} repository={repository} />
      ))}
    </Section>
  );
}

function Repository({ repository }: { repository: FeaturePage['code'][number] }) {
  const { repository_url: url, places, count } = repository;
  const name = url.replace(/^https?:\/\//, '');
  return (
    <Box className="card" p="sm" role="group" aria-label={name}>
      <Group justify="space-between" gap={8} mb={places.length > 0 ? 6 : 0}>
        <Anchor href={url} target="_blank" rel="noreferrer" size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
          {name}
        </Anchor>
        <Text size="xs" c="dimmed">
          {count === 0 && <Found at={repository.last_found_at} />}scanned <Time at={repository.scanned_at} /> at{' '}
          <Code fz="xs">{repository.revision.slice(0, 12)}</Code>
        </Text>
      </Group>
      {places.length > 0 && (
        <Stack gap={2} component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
          {[...Map.groupBy(places, ({ file_path }) => file_path)].map(([file, lines]) => (
            <Text key={file} component="li" size="sm" ff="monospace" style={{ overflowWrap: 'anywhere' }} fz={12.5}>
              {lines.map(({ line_number: line, permalink }, index) => (
                <Fragment key={line}>
                  {index > 0 && ', '}
                  <Anchor href={permalink} target="_blank" rel="noreferrer" inherit aria-label={`${file}:${line}`}>
                    {index === 0 ? `${file}:${line}` : line}
                  </Anchor>
                </Fragment>
              ))}
            </Text>
          ))}
        </Stack>
      )}
      {count > places.length && places.length > 0 && (
        <Text size="xs" c="dimmed" mt={4}>
          and {count - places.length} more
        </Text>
      )}
    </Box>
  );
}

function Found({ at }: { at: string | null }) {
  if (at === null) return 'not found · ';
  return (
    <>
      last found <Time at={at} /> ·{' '}
    </>
  );
}

/** What a CI would send, ready to copy. */
function NothingTold({ page: { project, feature } }: { page: FeaturePage }) {
  const name = JSON.stringify(feature.name).replaceAll("'", "'\\''");
  const command = [
    `curl ${location.origin}/api/v1/projects/${project.id}/code-references/ \\`,
    '  -H "Authorization: Api-Key $HALYARD_KEY" \\',
    "  -H 'Content-Type: application/json' \\",
    "  -d '{",
    '    "repository_url": "https://github.com/acme/shop",',
    '    "revision": "4c1d5f0",',
    '    "code_references": [',
    `      {"feature_name": ${name}, "file_path": "src/checkout.ts", "line_number": 12}`,
    '    ]',
    "  }'",
  ].join('\n');
  return (
    <Section
      title="In the code"
      description="Let your CI tell where your code names features, and you find the lines here: to see what a change touches, and when a feature can go. After each build, send what was found:"
      aside={
        <CopyButton value={command}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? 'Copied' : 'Copy the command'}>
              <ActionIcon aria-label="Copy the command" onClick={copy}>
                {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      }
    >
      <Code block tabIndex={0}>
        {command}
      </Code>
    </Section>
  );
}
