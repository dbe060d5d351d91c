import type { AccessPlace } from '@halyard/contract';
import { Accordion, ActionIcon, Anchor, Badge, Checkbox, Group, Popover, Stack, Text } from '@mantine/core';
import { IconInfoCircle, IconUsersGroup } from '@tabler/icons-react';
import { type accessOf, everything, type Reason, reasonText, type Subject, subjectKey, subjectName } from './access.ts';
import { Person } from './Members.tsx';
import classes from './Permissions.module.css';

interface AccessRowsProps {
  place: AccessPlace;
  /** The columns. */
  permissions: { key: string; name: string; description: string }[];
  rows: Subject[];
  view: ReturnType<typeof accessOf>;
  onSwitch: (subject: Subject, permission: string, on: boolean) => void;
  onPerson: (id: number) => void;
}

/** People and groups as rows, permissions as columns. */
export function AccessTable({ place, permissions, rows, view, onSwitch, onPerson }: AccessRowsProps) {
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label={`Permissions in ${place.name}`}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col" className={classes.who}>
              Group or person
            </th>
            {permissions.map(({ key, name, description }) => (
              <th key={key} scope="col" className={classes.permission} title={description || undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((subject) => (
            <tr key={subjectKey(subject)}>
              <th scope="row" className={classes.who}>
                <Who subject={subject} isOwn={!place.may_edit} onPerson={place.may_edit ? onPerson : undefined} />
              </th>
              {permissions.map(({ key, name }) => (
                <td
                  key={key}
                  className={classes.cell}
                  data-changed={view.isChanged(place.environment, subject, key) || undefined}
                  data-everything={key === everything || undefined}
                >
                  <div className={classes.pair}>
                    <Tick {...{ place, subject, view, onSwitch }} permission={key} name={name} />
                    <Why place={place} subject={subject} name={name} reasons={view.reasons(place, subject, key)} />
                  </div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The same on a phone: a card for each person and group, with its permissions below each other. */
export function AccessCards({ place, permissions, rows, view, onSwitch }: AccessRowsProps) {
  return (
    <Accordion variant="separated" chevronPosition="right" className={classes.cards}>
      {rows.map((subject) => {
        const extent = view.extent(place, subject);
        const count = permissions.filter(({ key }) => key !== everything).length;
        return (
          <Accordion.Item key={subjectKey(subject)} value={subjectKey(subject).replace(' ', '-')}>
            <Accordion.Control>
              <Group justify="space-between" wrap="nowrap" gap="xs">
                <Who subject={subject} isOwn={!place.may_edit} />
                <Badge color={extent === 0 ? 'gray' : 'halyard'} style={{ flex: 'none' }}>
                  {extent === 'everything' ? 'everything' : extent === 0 ? 'nothing' : `${extent} of ${count}`}
                </Badge>
              </Group>
            </Accordion.Control>
            <Accordion.Panel>
              <Stack gap={10}>
                {permissions.map(({ key, name }) => {
                  const reasons = view.reasons(place, subject, key).filter(({ kind }) => kind !== 'direct');
                  return (
                    <div
                      key={key}
                      className={classes.line}
                      data-changed={view.isChanged(place.environment, subject, key) || undefined}
                    >
                      <Tick {...{ place, subject, view, onSwitch }} permission={key} name={name} isLabelled />
                      {reasons.map((reason) => (
                        <Text key={JSON.stringify(reason)} size="xs" c="dimmed" pl={32}>
                          {reasonText(reason, place)}
                        </Text>
                      ))}
                    </div>
                  );
                })}
              </Stack>
            </Accordion.Panel>
          </Accordion.Item>
        );
      })}
    </Accordion>
  );
}

interface WhoProps {
  subject: Subject;
  /** Who may not edit sees their own groups alone. */
  isOwn: boolean;
  onPerson?: ((id: number) => void) | undefined;
}

function Who({ subject, isOwn, onPerson }: WhoProps) {
  if (subject.kind === 'group') {
    const { name, users } = subject.group;
    return (
      <Group gap="sm" wrap="nowrap" miw={0}>
        <span className={classes.groupMark} aria-hidden>
          <IconUsersGroup size={17} stroke={1.7} />
        </span>
        <div style={{ minWidth: 0 }}>
          <Text size="sm" fw={600} className="truncate">
            {name}
          </Text>
          <Text size="xs" c="dimmed">
            {isOwn ? 'Your group' : `Group, ${users.length} ${users.length === 1 ? 'member' : 'members'}`}
          </Text>
        </div>
      </Group>
    );
  }
  const { person } = subject;
  if (onPerson === undefined) return <Person person={person} />;
  return (
    <Anchor
      component="button"
      type="button"
      c="inherit"
      ta="left"
      underline="never"
      maw="100%"
      title={`What may ${subjectName(subject)} do?`}
      onClick={() => onPerson(person.id)}
    >
      <Person person={person} />
    </Anchor>
  );
}

interface TickProps {
  place: AccessPlace;
  subject: Subject;
  permission: string;
  name: string;
  view: AccessRowsProps['view'];
  onSwitch: AccessRowsProps['onSwitch'];
  isLabelled?: boolean;
}

/** Whether something is given here; a right from elsewhere is a grey tick, which a screen reader hears as mixed. */
function Tick({ place, subject, permission, name, view, onSwitch, isLabelled = false }: TickProps) {
  const given = view.isGiven(place.environment, subject, permission);
  const inherited = !given && view.reasons(place, subject, permission).length > 0;
  return (
    <Checkbox
      {...(isLabelled ? { label: name } : { 'aria-label': `${name}: ${subjectName(subject)}` })}
      checked={given}
      indeterminate={inherited}
      {...(inherited && { icon: InheritedIcon, iconColor: 'var(--mantine-color-dimmed)' })}
      disabled={!place.may_edit}
      classNames={{ input: classes.input }}
      data-inherited={inherited || undefined}
      onChange={() => onSwitch(subject, permission, !given)}
    />
  );
}

function InheritedIcon({ className }: { className: string }) {
  return (
    <svg viewBox="0 0 10 7" fill="none" className={className} aria-hidden>
      <path
        d="M4 4.586 1.707 2.293A1 1 0 1 0 .293 3.707l3 3a1 1 0 0 0 1.414 0l5-5A1 1 0 1 0 8.293.293L4 4.586z"
        fill="currentColor"
      />
    </svg>
  );
}

interface WhyProps {
  place: AccessPlace;
  subject: Subject;
  name: string;
  reasons: Reason[];
}

function Why({ place, subject, name, reasons }: WhyProps) {
  if (reasons.length === 0) return <span className={classes.why} />;
  const isElsewhere = reasons.some(({ kind }) => kind !== 'direct');
  return (
    <Popover width={280} position="bottom" withArrow>
      <Popover.Target>
        <ActionIcon
          size={20}
          className={classes.why}
          data-elsewhere={isElsewhere || undefined}
          aria-label={`Why: ${name}: ${subjectName(subject)}`}
        >
          <IconInfoCircle size={15} stroke={1.7} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <Text size="sm" fw={600} mb={4}>
          {subjectName(subject)} may: {name.toLowerCase()}
        </Text>
        <Stack gap={2} component="ul" m={0} pl={18}>
          {reasons.map((reason) => (
            <Text key={JSON.stringify(reason)} size="sm" component="li">
              {reasonText(reason, place)}
            </Text>
          ))}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
