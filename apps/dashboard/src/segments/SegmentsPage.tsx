import { Anchor, Button, Group, Pagination, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus, IconSearch, IconUsersGroup } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Page } from '../ui/Page.tsx';
import { Empty, Loaded } from '../ui/States.tsx';
import { Time } from '../ui/Time.tsx';
import { segments } from './queries.ts';
import { rulesSentence } from './sentence.ts';

/** The segments of a project, each with its rules in words. */
export function SegmentsPage() {
  const project = Number(useParams({ from: '/app/projects/$project' }).project);
  const { q = '', page = 1 } = useSearch({ from: '/app/projects/$project/segments' });
  const navigate = useNavigate();
  const query = useQuery({ ...segments(project, q, page), placeholderData: keepPreviousData });
  return (
    <Page
      title="Segments"
      width={1100}
      description="Groups of identities, by their traits, that features can treat differently."
      actions={
        <Button component={Link} to={`/projects/${project}/segments/new`} leftSection={<IconPlus size={16} />}>
          Create segment
        </Button>
      }
    >
      <TextInput
        mb="sm"
        maw={420}
        aria-label="Search segments"
        placeholder="Search segments"
        leftSection={<IconSearch size={16} />}
        value={q}
        onChange={(event) =>
          void navigate({
            to: '.',
            search: event.currentTarget.value ? { q: event.currentTarget.value } : {},
            replace: true,
          })
        }
      />
      <Loaded query={query}>
        {({ count, results }) =>
          results.length === 0 ? (
            <div className="card">
              <Empty title={q ? 'No segment is called so' : 'No segments yet'} icon={<IconUsersGroup size={24} />}>
                A segment is, for example, everybody whose plan is enterprise.
              </Empty>
            </div>
          ) : (
            <Stack gap="xs">
              {results.map((segment) => (
                <div key={segment.id} className="card" style={{ padding: 14 }}>
                  <Group justify="space-between" wrap="nowrap">
                    <Anchor
                      component={Link}
                      to={`/projects/${project}/segments/${segment.id}`}
                      fw={600}
                      c="inherit"
                      className="truncate"
                    >
                      {segment.name}
                    </Anchor>
                    <Text size="xs" c="dimmed" style={{ flex: 'none' }}>
                      changed <Time at={segment.updated_at} />
                    </Text>
                  </Group>
                  <Text size="sm" c="dimmed" lineClamp={2}>
                    {rulesSentence(segment.rules)}
                  </Text>
                </div>
              ))}
              {count > 50 && (
                <Pagination
                  total={Math.ceil(count / 50)}
                  value={page}
                  onChange={(next) => void navigate({ to: '.', search: { ...(q && { q }), page: next } })}
                  getControlProps={(control) => ({ 'aria-label': control })}
                />
              )}
            </Stack>
          )
        }
      </Loaded>
    </Page>
  );
}
