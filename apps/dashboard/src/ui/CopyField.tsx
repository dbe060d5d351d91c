import { ActionIcon, CopyButton, Group, Text, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy, IconEye, IconEyeOff } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';

interface CopyFieldProps {
  name: string;
  value: string;
  /** Only its beginning is shown until somebody asks for it. */
  secret?: boolean;
  /** Quiet words under the name. */
  note?: ReactNode;
  /** More that can be done with it. */
  actions?: ReactNode;
}

/** A key or an address to copy. */
export function CopyField({ name, value, secret = false, note, actions }: CopyFieldProps) {
  const [visible, setVisible] = useState(!secret);
  const Eye = visible ? IconEyeOff : IconEye;
  return (
    <Group gap="xs" justify="space-between" role="group" aria-label={name}>
      <div style={{ flex: '1 1 240px', minWidth: 0 }}>
        <Text size="sm" fw={550} className="truncate" component="div">
          {name}
        </Text>
        <Text className="mono truncate" title={visible ? value : undefined}>
          {visible ? value : `${value.slice(0, 8)}…`}
        </Text>
        {note && (
          <Text size="xs" c="dimmed" component="div">
            {note}
          </Text>
        )}
      </div>
      <Group gap={2} wrap="nowrap">
        {secret && (
          <Tooltip label={visible ? 'Hide' : 'Show'}>
            <ActionIcon aria-label={`${visible ? 'Hide' : 'Show'} ${name}`} onClick={() => setVisible(!visible)}>
              <Eye size={16} />
            </ActionIcon>
          </Tooltip>
        )}
        <CopyButton value={value}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? 'Copied' : 'Copy'}>
              <ActionIcon aria-label={`Copy ${name}`} onClick={copy}>
                {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
        {actions}
      </Group>
    </Group>
  );
}
