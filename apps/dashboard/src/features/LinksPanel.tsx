import type { ExternalResource, FeaturePage } from '@halyard/contract';
import { ActionIcon, Anchor, Badge, Button, Group, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { IconLink, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { Loaded } from '../ui/States.tsx';
import { useSave } from '../ui/useSave.tsx';
import { Section } from './EnvironmentPanel.tsx';
import { describeLink, linkAt } from './links.ts';
import { addLink, links, removeLink } from './queries.ts';

interface LinksPanelProps {
  page: FeaturePage;
  readOnly: boolean;
}

/** The issues, and the pull and merge requests, that are about a feature. They are read when this is first shown. */
export function LinksPanel({ page, readOnly }: LinksPanelProps) {
  const { project, feature } = page;
  const query = useQuery(links(project.id, feature.id));
  return (
    <Section
      title="Links"
      count={query.data?.results.length ?? 0}
      description="Issues, pull requests and merge requests about this feature. They get a comment when it changes."
    >
      <Loaded query={query} rows={1}>
        {({ results }) =>
          results.length === 0 ? (
            <Text size="sm" c="dimmed">
              Nothing is linked yet.
            </Text>
          ) : (
            <Stack gap={0} component="ul" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Links">
              {results.map((one) => (
                <Row key={one.id} project={project.id} link={one} readOnly={readOnly} />
              ))}
            </Stack>
          )
        }
      </Loaded>
      {!readOnly && <AddLink page={page} />}
    </Section>
  );
}

const colours: Record<string, string> = { open: 'green', merged: 'violet', closed: 'red' };

interface RowProps {
  project: number;
  link: ExternalResource;
  readOnly: boolean;
}

function Row({ project, link, readOnly }: RowProps) {
  const { kind, place, title, state } = describeLink(link);
  const [asking, setAsking] = useState(false);
  return (
    <li style={{ borderTop: '1px solid var(--line)', padding: '8px 0' }}>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <div style={{ minWidth: 0 }}>
          <Anchor
            href={link.url}
            target="_blank"
            rel="noreferrer"
            size="sm"
            fw={600}
            style={{ overflowWrap: 'anywhere' }}
          >
            {title}
          </Anchor>
          <Group gap={8}>
            <Text size="xs" c="dimmed">
              {kind}
              {title !== place && ` · ${place}`}
            </Text>
            {state !== null && (
              <Badge size="xs" color={colours[state] ?? 'gray'}>
                {state}
              </Badge>
            )}
          </Group>
        </div>
        {!readOnly && (
          <Tooltip label="Take the link off">
            <ActionIcon color="red" aria-label={`Take the link to ${title} off`} onClick={() => setAsking(true)}>
              <IconTrash size={16} />
            </ActionIcon>
          </Tooltip>
        )}
      </Group>
      {asking && (
        <ConfirmDialog
          title="Take this link off?"
          action="Take it off"
          onConfirm={() => removeLink(project, link)}
          onClose={() => setAsking(false)}
        >
          <b style={{ overflowWrap: 'anywhere' }}>{title}</b> is not told of changes any more. A comment there says so.
        </ConfirmDialog>
      )}
    </li>
  );
}

function AddLink({ page: { project, feature } }: { page: FeaturePage }) {
  const [address, setAddress] = useState('');
  const found = linkAt(address);
  const { save, saving, errors, failure } = useSave(async () => {
    if (found) await addLink(project.id, feature.id, found);
    setAddress('');
  }, 'It is linked');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (found) save();
      }}
    >
      <Stack gap="xs">
        {failure('url')}
        <Group align="flex-start" gap="xs">
          <TextInput
            flex="1 1 240px"
            type="url"
            aria-label="Address to link"
            placeholder="https://github.com/acme/shop/pull/8"
            error={
              errors.url ||
              (address.trim() !== '' && !found && 'Enter the address of an issue, a pull or a merge request.')
            }
            value={address}
            onChange={(event) => setAddress(event.currentTarget.value)}
          />
          <Button
            type="submit"
            variant="default"
            leftSection={<IconLink size={16} />}
            loading={saving}
            disabled={found === null}
          >
            Add link
          </Button>
        </Group>
        {project.my_permissions.admin && (
          <Text size="xs" c="dimmed">
            Of repositories that this project uses: see{' '}
            <Anchor
              component={Link}
              inherit
              to={`/organisations/${project.organisation}/settings/integrations?vendor=github`}
              underline="always"
            >
              GitHub
            </Anchor>{' '}
            and{' '}
            <Anchor
              component={Link}
              inherit
              to={`/projects/${project.id}/settings/integrations?vendor=gitlab`}
              underline="always"
            >
              GitLab
            </Anchor>{' '}
            in the settings.
          </Text>
        )}
      </Stack>
    </form>
  );
}
