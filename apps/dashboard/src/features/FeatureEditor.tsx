import type { ChangeSetPart, FeaturePage } from '@halyard/contract';
import {
  Alert,
  Badge,
  Box,
  Button,
  CopyButton,
  Group,
  Paper,
  ScrollArea,
  Stack,
  Tabs,
  Text,
  Title,
  Tooltip,
  ActionIcon,
} from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconChartBar, IconCheck, IconCopy, IconHelpCircle, IconHistory, IconSettings } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, type RefObject, Suspense, useEffect, useState } from 'react';
import { EnvironmentName } from '../environments/EnvironmentName.tsx';
import { TagChip } from '../tags/TagChip.tsx';
import { Loaded, Loading } from '../ui/States.tsx';
import { HeadingLevel } from '../ui/headings.ts';
import { Time } from '../ui/Time.tsx';
import { EnvironmentPanel } from './EnvironmentPanel.tsx';
import { MergeDialog } from './MergeDialog.tsx';
import { featurePage } from './queries.ts';
import { asBefore } from './restore.ts';
import { ReviewDialog } from './ReviewDialog.tsx';
import { SettingsPanel } from './SettingsPanel.tsx';
import { useDraft } from './useDraft.ts';

const ExplainPanel = lazy(() =>
  import('../explain/ExplainPanel.tsx').then((module) => ({ default: module.ExplainPanel })),
);
const FeatureHistory = lazy(() =>
  import('./FeatureHistory.tsx').then((module) => ({ default: module.FeatureHistory })),
);
const FeatureUsage = lazy(() => import('./FeatureUsage.tsx').then((module) => ({ default: module.FeatureUsage })));
const HealthAlert = lazy(() => import('./HealthAlert.tsx').then((module) => ({ default: module.HealthAlert })));

interface FeatureEditorProps {
  project: number;
  feature: number;
  /** Tells who closes the editor whether there is a draft. */
  dirty?: RefObject<boolean>;
  /** It is the page itself: its name is the page's heading and title. */
  heading?: boolean;
  /** What is open, where the address says so: an environment's id, `usage`, `history` or `settings`. */
  tab?: string | undefined;
  onTab?: (tab: string) => void;
  onGone?: () => void;
}

/** Everything of one feature in one draft with one save. */
export function FeatureEditor({ project, feature, heading = false, ...others }: FeatureEditorProps) {
  const query = useQuery(featurePage(project, feature));
  return (
    <Box h="100%" p={query.data ? 0 : 'md'}>
      <Loaded query={query}>{(latest) => <Editor latest={latest} heading={heading} {...others} />}</Loaded>
    </Box>
  );
}

interface EditorProps extends Omit<FeatureEditorProps, 'project' | 'feature' | 'heading'> {
  latest: FeaturePage;
  heading: boolean;
}

function Editor({ latest, heading, dirty, tab: asked, onTab, onGone }: EditorProps) {
  const editing = useDraft(latest);
  const { page, draft, changes } = editing;
  const { feature, environments, project } = page;
  const [chosen, setChosen] = useState(asked);
  const names = [...environments.map(({ id }) => String(id)), 'explain', 'usage', 'history', 'settings'];
  const tab = names.find((name) => name === (asked ?? chosen)) ?? (names[0] as string);
  const setTab = (next: string) => {
    setChosen(next);
    onTab?.(next);
  };
  const [reviewing, setReviewing] = useState(false);
  const [merging, setMerging] = useState(false);
  const [problems, setProblems] = useState<Record<string, string>>({});
  const setProblem = (where: string, problem: string | undefined) =>
    setProblems(({ [where]: _, ...others }) => (problem ? { ...others, [where]: problem } : others));
  useEffect(() => {
    if (heading) document.title = `${feature.name} · ${project.name} · Halyard`;
  }, [heading, feature.name, project.name]);
  useEffect(() => {
    if (dirty) dirty.current = changes.length > 0;
  }, [dirty, changes.length]);
  const hasProblem = Object.keys(problems).length > 0;
  useHotkeys([['mod+S', () => changes.length > 0 && !hasProblem && setReviewing(true)]], []);

  const changed = new Set(
    changes.map((change) => (change.environment === null ? 'settings' : String(change.environment))),
  );
  const places = [
    ...environments.filter(({ id }) => changed.has(String(id))).map(({ name }) => name),
    ...(changed.has('settings') ? ['settings'] : []),
  ];
  const restore = (parts: ChangeSetPart[]) => {
    editing.edit((before) =>
      asBefore(before, parts, {
        segments: new Set(page.segments.map(({ id }) => id)),
        options: new Set(feature.multivariate_options.map(({ id }) => id)),
      }),
    );
    const place = parts.find((part) => 'environment' in part);
    setTab(place ? String(place.environment) : 'settings');
  };
  const tags = feature.tags.flatMap((id) => page.tags.find((tag) => tag.id === id) ?? []);
  return (
    <HeadingLevel value={heading ? 2 : 3}>
      <Stack h="100%" gap={0}>
        <Box px="md" pt="md" bg="var(--card)">
          <Group gap={6} wrap="nowrap">
            <Title order={heading ? 1 : 2} size="h3" className="truncate">
              {feature.name}
            </Title>
            <CopyButton value={feature.name}>
              {({ copied, copy }) => (
                <Tooltip label={copied ? 'Copied' : 'Copy the name'}>
                  <ActionIcon aria-label="Copy the name" onClick={copy}>
                    {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
                  </ActionIcon>
                </Tooltip>
              )}
            </CopyButton>
            {feature.is_archived && <Badge color="gray">archived</Badge>}
          </Group>
          <Group gap={6} mt={4} mb="xs">
            {tags.map((tag) => (
              <TagChip key={tag.id} tag={tag} />
            ))}
            <Text size="xs" c="dimmed">
              created <Time at={feature.created_date} />
            </Text>
          </Group>
        </Box>
        <Tabs
          value={tab}
          onChange={(next) => setTab(next ?? tab)}
          flex="1 1 0"
          mih={0}
          display="flex"
          style={{ flexDirection: 'column' }}
        >
          <Box bg="var(--card)" style={{ flex: 'none' }}>
            <ScrollArea type="never">
              <Tabs.List style={{ flexWrap: 'nowrap', width: 'max-content', minWidth: '100%' }} px="xs">
                {environments.map((environment) => (
                  <Tabs.Tab key={environment.id} value={String(environment.id)}>
                    <Group gap={6} wrap="nowrap">
                      <EnvironmentName environment={environment} />
                      {changed.has(String(environment.id)) && <Dot />}
                    </Group>
                  </Tabs.Tab>
                ))}
                <Tabs.Tab value="explain" leftSection={<IconHelpCircle size={15} />}>
                  Explain
                </Tabs.Tab>
                <Tabs.Tab value="usage" leftSection={<IconChartBar size={15} />}>
                  Usage
                </Tabs.Tab>
                <Tabs.Tab value="history" leftSection={<IconHistory size={15} />}>
                  History
                </Tabs.Tab>
                <Tabs.Tab value="settings" leftSection={<IconSettings size={15} />}>
                  <Group gap={6} wrap="nowrap">
                    Settings {changed.has('settings') && <Dot />}
                  </Group>
                </Tabs.Tab>
              </Tabs.List>
            </ScrollArea>
          </Box>
          <ScrollArea flex="1 1 0" mih={0} type="auto" viewportProps={{ tabIndex: 0 }}>
            <Box p="md" pb={90}>
              {editing.isBehind && changes.length > 0 && (
                <Alert color="yellow" mb="md" title="Somebody saved this feature while you were editing">
                  <Group justify="space-between">
                    <Text size="sm">Your draft is kept. Put it on top of what was saved, to go on from there.</Text>
                    <Button size="xs" variant="light" color="yellow" onClick={() => setMerging(true)}>
                      Merge
                    </Button>
                  </Group>
                </Alert>
              )}
              {tags.some(({ type }) => type === 'UNHEALTHY') && (
                <Suspense>
                  <HealthAlert page={page} />
                </Suspense>
              )}
              {environments.map((environment) => (
                <Tabs.Panel key={environment.id} value={String(environment.id)}>
                  <EnvironmentPanel
                    page={page}
                    environment={environment}
                    draft={
                      draft.environments[environment.id] ?? {
                        state: { enabled: false, value: null, weights: [] },
                        segment_overrides: [],
                        identity_overrides: [],
                      }
                    }
                    variants={draft.settings.variants}
                    onChange={(change) =>
                      editing.edit((before) => ({
                        ...before,
                        environments: {
                          ...before.environments,
                          [environment.id]: change(
                            before.environments[environment.id] as NonNullable<(typeof before.environments)[number]>,
                          ),
                        },
                      }))
                    }
                    onProblem={(where, problem) => setProblem(`${environment.id} ${where}`, problem)}
                  />
                </Tabs.Panel>
              ))}
              <Tabs.Panel value="explain">
                <Suspense fallback={<Loading rows={3} />}>
                  <ExplainPanel
                    project={project.id}
                    feature={feature.id}
                    environments={environments}
                    hasDraft={changes.length > 0}
                  />
                </Suspense>
              </Tabs.Panel>
              <Suspense fallback={<Loading rows={4} />}>
                <Tabs.Panel value="usage">
                  <FeatureUsage page={latest} />
                </Tabs.Panel>
                <Tabs.Panel value="history">
                  <FeatureHistory page={latest} onRestore={restore} />
                </Tabs.Panel>
              </Suspense>
              <Tabs.Panel value="settings">
                <SettingsPanel
                  page={page}
                  draft={draft.settings}
                  onChange={(settings) => editing.edit((before) => ({ ...before, settings }))}
                  onProblem={(where, problem) => setProblem(`settings ${where}`, problem)}
                  {...(onGone && { onGone })}
                />
              </Tabs.Panel>
            </Box>
          </ScrollArea>
        </Tabs>
        {changes.length > 0 && (
          <Paper
            role="region"
            aria-label="Unsaved changes"
            p="sm"
            px="md"
            radius={0}
            shadow="lg"
            bg="var(--raised)"
            style={{ flex: 'none', borderWidth: '1px 0 0' }}
          >
            <Group justify="space-between" gap="sm">
              <Text size="sm" role="status">
                <b>{changes.length === 1 ? '1 change' : `${changes.length} changes`}</b> in {places.join(', ')}
              </Text>
              <Group gap="xs" wrap="nowrap">
                <Button variant="default" onClick={editing.discard}>
                  Discard
                </Button>
                <Button
                  disabled={hasProblem}
                  onClick={() => (editing.isBehind ? setMerging(true) : setReviewing(true))}
                >
                  Review and save
                </Button>
              </Group>
            </Group>
          </Paper>
        )}
        {reviewing && (
          <ReviewDialog
            project={project.id}
            page={page}
            base={editing.base}
            draft={draft}
            onClose={() => setReviewing(false)}
            onSaved={(saved) => {
              setReviewing(false);
              editing.saved(saved);
            }}
            onConflict={() => {
              setReviewing(false);
              setMerging(true);
            }}
          />
        )}
        {merging && (
          <MergeDialog
            latest={latest}
            merged={editing.merged}
            onClose={() => setMerging(false)}
            onMerged={(merged) => {
              setMerging(false);
              editing.rebase(merged);
            }}
          />
        )}
      </Stack>
    </HeadingLevel>
  );
}

function Dot() {
  return (
    <Box component="span" w={7} h={7} bg="var(--accent)" style={{ borderRadius: '50%' }}>
      <span style={{ position: 'absolute', clip: 'rect(0 0 0 0)' }}>changed</span>
    </Box>
  );
}
