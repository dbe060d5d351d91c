import {
  Alert,
  Badge,
  Box,
  Button,
  Checkbox,
  Chip,
  Container,
  Group,
  Menu,
  Modal,
  NativeSelect,
  Paper,
  SegmentedControl,
  SimpleGrid,
  Stack,
  Switch,
  Table,
  Tabs,
  Text,
  Textarea,
  TextInput,
  Title,
  Tooltip,
  useMantineColorScheme,
  useMantineTheme,
} from '@mantine/core';
import { IconFlag, IconPlus, IconTrash } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import { UnreachableError } from '../api/errors.ts';
import { EnvironmentName } from '../environments/EnvironmentName.tsx';
import { OnOff } from '../features/OnOff.tsx';
import { TagChip } from '../tags/TagChip.tsx';
import { dayAgo } from '../ui/days.ts';
import { Difference } from '../ui/Difference.tsx';
import { Empty, Failed, Loading } from '../ui/States.tsx';
import { cssVariables } from '../ui/theme.ts';
import { ValueEditor } from '../ui/ValueEditor.tsx';

const BarsByDay = lazy(() => import('../ui/BarsByDay.tsx').then((module) => ({ default: module.BarsByDay })));

/** Everything that screens are made of, at one glance. It is there while one develops, and in no build. */
export function StyleguidePage() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Box bg="var(--page)" mih="100vh" py="xl">
      <Container size="lg">
        <Group justify="space-between" mb="lg">
          <Title order={1} size="h2">
            Styleguide
          </Title>
          <SegmentedControl
            aria-label="Theme"
            data={['light', 'dark', 'auto']}
            value={colorScheme}
            onChange={(scheme) => setColorScheme(scheme as 'light' | 'dark' | 'auto')}
          />
        </Group>
        <Stack gap="xl">
          <Colours />
          <Environments />
          <Type />
          <Buttons />
          <Inputs />
          <Tables />
          <Dialogs />
          <States />
          <Charts />
        </Stack>
      </Container>
    </Box>
  );
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <Paper p="lg" bg="var(--card)" component="section" aria-label={title}>
      <Title order={2} size="h4" mb="md">
        {title}
      </Title>
      {children}
    </Paper>
  );
}

function Colours() {
  const theme = useMantineTheme();
  const names = Object.keys(cssVariables(theme).light);
  const swatch = (name: string, background: string) => (
    <Group key={name} gap="xs" wrap="nowrap">
      <span
        aria-hidden
        style={{ width: 28, height: 28, borderRadius: 6, background, border: '1px solid var(--line)', flex: 'none' }}
      />
      <Text className="mono truncate">{name}</Text>
    </Group>
  );
  return (
    <Part title="Colours">
      <SimpleGrid cols={{ base: 2, sm: 4 }}>{names.map((name) => swatch(name, `var(${name})`))}</SimpleGrid>
      {(['halyard', 'gray', 'dark'] as const).map((colour) => (
        <SimpleGrid key={colour} cols={{ base: 5, sm: 10 }} mt="md" spacing={6}>
          {Array.from({ length: 10 }, (_, shade) => (
            <div key={shade}>
              <div style={{ height: 32, borderRadius: 6, background: `var(--mantine-color-${colour}-${shade})` }} />
              <Text size="xs" c="dimmed" ta="center">
                {colour} {shade}
              </Text>
            </div>
          ))}
        </SimpleGrid>
      ))}
    </Part>
  );
}

function Environments() {
  const names = ['Development', 'Staging', 'Production', 'Preview', 'Demo', 'Internal'];
  return (
    <Part title="Environments">
      <Group gap="lg">
        {names.map((name, id) => (
          <EnvironmentName key={name} environment={{ id, name }} />
        ))}
        <EnvironmentName environment={{ id: 9, name: 'With a colour of its own', banner_colour: '#f06595' }} />
      </Group>
    </Part>
  );
}

function Type() {
  return (
    <Part title="Type">
      <Stack gap="xs">
        <Title order={3} size="h3">
          A page’s title
        </Title>
        <Title order={3} size="h5">
          A section’s title
        </Title>
        <Text>Text that one reads</Text>
        <Text size="sm" c="dimmed">
          Text that one may skip
        </Text>
        <Text className="mono">a_value: 12</Text>
        <Difference what="Value" before="plain" after="fancy" />
      </Stack>
    </Part>
  );
}

function Buttons() {
  return (
    <Part title="Buttons">
      <Group>
        <Button leftSection={<IconPlus size={16} />}>Main action</Button>
        <Button variant="default">Another action</Button>
        <Button variant="light">On the way</Button>
        <Button variant="subtle">Quiet</Button>
        <Button color="red.8">To production</Button>
        <Button variant="subtle" color="red" leftSection={<IconTrash size={16} />}>
          Delete
        </Button>
        <Button loading>Loading</Button>
        <Button disabled>Disabled</Button>
        <Tooltip label="What it does">
          <Button variant="default" size="compact-sm">
            Compact, with a tooltip
          </Button>
        </Tooltip>
        <Menu>
          <Menu.Target>
            <Button variant="default">Menu</Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>Choose</Menu.Label>
            <Menu.Item leftSection={<IconFlag size={15} />}>One</Menu.Item>
            <Menu.Item color="red">Delete</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
    </Part>
  );
}

function Inputs() {
  const [value, setValue] = useState<string | number | boolean | null>('{"colour": "teal"}');
  return (
    <Part title="Inputs">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput label="Text" description="What it is for" placeholder="An example" />
        <TextInput label="With a mistake" error="Say what is wrong" defaultValue="wrong" />
        <NativeSelect label="Choice" data={['One', 'Other']} />
        <Textarea label="Longer text" autosize minRows={2} />
        <Stack gap="xs">
          <Switch label="Switch" defaultChecked color="halyard.7" />
          <Switch label="Switch of production" defaultChecked color="red.8" />
          <Checkbox label="Checkbox" defaultChecked />
        </Stack>
        <Chip.Group defaultValue="a">
          <Group gap="xs">
            <Chip value="a" variant="light">
              Chosen
            </Chip>
            <Chip value="b" variant="light">
              Not chosen
            </Chip>
          </Group>
        </Chip.Group>
      </SimpleGrid>
      <Box mt="md">
        <ValueEditor label="Value" value={value} onChange={setValue} />
      </Box>
    </Part>
  );
}

function Tables() {
  return (
    <Part title="Tables and labels">
      <Table aria-label="Example" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Feature</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Labels</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {[true, false].map((enabled) => (
            <Table.Tr key={String(enabled)}>
              <Table.Td>{enabled ? 'new_checkout' : 'old_banner'}</Table.Td>
              <Table.Td>
                <OnOff enabled={enabled} />
              </Table.Td>
              <Table.Td>
                <Group gap="xs">
                  <TagChip tag={{ label: 'billing', color: '#1c7ed6' }} />
                  <Badge color="gray">archived</Badge>
                  <Badge>count 3</Badge>
                </Group>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Tabs defaultValue="one" mt="md">
        <Tabs.List>
          <Tabs.Tab value="one">One</Tabs.Tab>
          <Tabs.Tab value="other">Other</Tabs.Tab>
        </Tabs.List>
      </Tabs>
    </Part>
  );
}

function Dialogs() {
  const [opened, setOpened] = useState(false);
  return (
    <Part title="Dialogs and notices">
      <Stack>
        <Group>
          <Button variant="default" onClick={() => setOpened(true)}>
            Open a dialog
          </Button>
        </Group>
        {(['halyard', 'green', 'yellow', 'red', 'gray'] as const).map((color) => (
          <Alert key={color} color={color} title={`A notice in ${color}`}>
            One sentence that says what is, and what to do.
          </Alert>
        ))}
      </Stack>
      <Modal opened={opened} onClose={() => setOpened(false)} title={<Text fw={600}>A dialog</Text>}>
        <Stack>
          <TextInput label="Name" data-autofocus />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setOpened(false)}>
              Cancel
            </Button>
            <Button onClick={() => setOpened(false)}>Create</Button>
          </Group>
        </Stack>
      </Modal>
    </Part>
  );
}

function States() {
  return (
    <Part title="States">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <div className="card" style={{ padding: 16 }}>
          <Loading rows={3} />
        </div>
        <div className="card">
          <Empty title="Nothing here yet" icon={<IconFlag size={24} />} action={<Button>Create the first one</Button>}>
            Why, and what to do about it.
          </Empty>
        </div>
        <Failed error={new Error('something')} retry={() => {}} />
        <Failed error={new UnreachableError(503)} retry={() => {}} />
      </SimpleGrid>
    </Part>
  );
}

function Charts() {
  const days = [0, 1, 2, 4, 5, 8].map((ago) => ({ day: dayAgo(ago), flags: 40 + ago * 7, identities: 60 - ago * 5 }));
  return (
    <Part title="Charts">
      <Suspense fallback={<Loading rows={3} />}>
        <BarsByDay
          label="Requests by day"
          series={[
            { name: 'flags', label: 'Flags', color: '#128a77' },
            { name: 'identities', label: 'Identities', color: '#1c7ed6' },
          ]}
          days={days}
          from={dayAgo(13)}
          to={dayAgo(0)}
        />
      </Suspense>
    </Part>
  );
}
