import { Group, Kbd, Modal, Stack, Table, Text } from '@mantine/core';
import { PAGES } from './pages.js';

const KEYS: [string, [string[], string][]][] = [
  [
    'Everywhere',
    [
      [['/'], 'search'],
      [['?'], 'this list'],
      [['Esc'], 'close, leave a field'],
      ...PAGES.map(({ key, label }): [string[], string] => [['g', key], `go to ${label}`]),
    ],
  ],
  [
    'Lists',
    [
      [['j'], 'next'],
      [['k'], 'previous'],
      [['Enter'], 'open'],
    ],
  ],
  [
    'A trace',
    [
      [['e'], 'next error'],
      [['h'], 'fold'],
      [['l'], 'unfold'],
      [['v'], 'timeline or tree'],
      [['f'], 'find in this trace'],
      [['w'], 'why is this here'],
      [['['], 'first step of a range'],
      [[']'], 'last step of it'],
    ],
  ],
];

export function Help({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Keys" size="md">
      <Stack gap="md">
        {KEYS.map(([where, keys]) => (
          <div key={where}>
            <Text fw={600} mb={4}>
              {where}
            </Text>
            <Table verticalSpacing={4} withRowBorders={false}>
              <Table.Tbody>
                {keys.map(([combination, what]) => (
                  <Table.Tr key={what}>
                    <Table.Td w={110}>
                      <Group gap={4}>
                        {combination.map((key) => (
                          <Kbd key={key}>{key}</Kbd>
                        ))}
                      </Group>
                    </Table.Td>
                    <Table.Td>{what}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        ))}
      </Stack>
    </Modal>
  );
}
