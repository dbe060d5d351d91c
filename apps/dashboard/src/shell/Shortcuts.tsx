import { Kbd, Modal, Table, Text } from '@mantine/core';

const shortcuts: [string[], string][] = [
  [['Ctrl', 'K'], 'Search everything, and go there'],
  [['/'], 'Search in this list'],
  [['j'], 'The next feature of the list'],
  [['k'], 'The one before it'],
  [['e'], 'Edit the feature that is marked'],
  [['c'], 'Create a feature (in the list of features)'],
  [['Ctrl', 'S'], 'Review and save the draft'],
  [['?'], 'This sheet'],
  [['Esc'], 'Close what is open'],
];

/** What the keyboard can do. */
export function Shortcuts({ onClose }: { onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Shortcuts</Text>}>
      <Table withRowBorders={false}>
        <Table.Tbody>
          {shortcuts.map(([keys, what]) => (
            <Table.Tr key={what}>
              <Table.Td w={110}>
                {keys.map((key) => (
                  <Kbd key={key} mr={4}>
                    {key}
                  </Kbd>
                ))}
              </Table.Td>
              <Table.Td>{what}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
