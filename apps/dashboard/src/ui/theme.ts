import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

const halyard: MantineColorsTuple = [
  '#e8f7f4',
  '#cfeee8',
  '#9fddd2',
  '#6bcab9',
  '#40b8a4',
  '#229f8b',
  '#128a77',
  '#0b7565',
  '#0a6155',
  '#084c43',
];

const slate: MantineColorsTuple = [
  '#f6f8fa',
  '#edf1f4',
  '#dfe5ea',
  '#c9d2da',
  '#a5b2be',
  '#7b8a98',
  '#55636f',
  '#3d4a55',
  '#27323b',
  '#17202a',
];

const night: MantineColorsTuple = [
  '#e6ecf2',
  '#c0cbd6',
  '#9dabb9',
  '#75869a',
  '#3a4856',
  '#2d3945',
  '#222c36',
  '#171f27',
  '#10161c',
  '#0b1015',
];

/** Colours, type, spacing and the usual size of each control. Everything on the screen is made of these. */
export const theme = createTheme({
  primaryColor: 'halyard',
  primaryShade: 7,
  autoContrast: true,
  luminanceThreshold: 0.32,
  colors: { halyard, gray: slate, dark: night },
  black: '#17202a',
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', Menlo, monospace",
  headings: { fontFamily: "'Inter Variable', system-ui, sans-serif", fontWeight: '650' },
  defaultRadius: 'md',
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  // Plain objects: naming the components themselves would load all of them with the login page.
  components: {
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray', size: 'md' } },
    Anchor: { defaultProps: { underline: 'hover' } },
    Badge: { defaultProps: { radius: 'sm', tt: 'none', fw: 550, variant: 'light' } },
    Button: { defaultProps: { size: 'sm' } },
    Checkbox: { defaultProps: { size: 'sm' } },
    // Their headers are no landmarks of the page.
    DrawerHeader: { defaultProps: { component: 'div' } },
    ModalHeader: { defaultProps: { component: 'div' } },
    Drawer: { defaultProps: { position: 'right', closeButtonProps: { 'aria-label': 'Close' } } },
    Input: { defaultProps: { size: 'sm' } },
    Menu: { defaultProps: { shadow: 'md', position: 'bottom-end', withinPortal: true } },
    Modal: { defaultProps: { centered: true, closeButtonProps: { 'aria-label': 'Close' } } },
    Paper: { defaultProps: { withBorder: true } },
    Popover: { defaultProps: { shadow: 'md' } },
    Switch: { defaultProps: { size: 'sm', withThumbIndicator: false } },
    Table: { defaultProps: { verticalSpacing: 'xs', horizontalSpacing: 'sm' } },
    Tabs: { defaultProps: { keepMounted: false } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 300, events: { hover: true, focus: true, touch: false } } },
  },
});

/** Names of our own for what Mantine's do not say: the page behind the cards, lines, quiet text that is still readable. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--accent': '#0b7565',
    '--page': '#f6f8fa',
    '--card': '#ffffff',
    '--raised': '#ffffff',
    '--line': '#dfe5ea',
    '--line-strong': '#c9d2da',
    '--hover': '#f0f4f6',
    '--selected': '#e8f7f4',
    '--mantine-color-dimmed': '#55636f',
    '--mantine-color-placeholder': '#6b7885',
    '--mantine-color-error': '#c92a2a',
    // On their own tints: Mantine's are too pale to read.
    '--mantine-color-green-light-color': '#237032',
    '--mantine-color-yellow-light-color': '#8a4b00',
    '--added': '#e3f6e8',
    '--removed': '#fdeaea',
  },
  dark: {
    '--accent': '#40b8a4',
    '--page': '#10161c',
    '--card': '#171f27',
    '--raised': '#1d2630',
    '--line': '#2d3945',
    '--line-strong': '#3a4856',
    '--hover': '#1f2933',
    '--selected': '#123530',
    '--mantine-color-dimmed': '#a3b0bd',
    '--mantine-color-placeholder': '#8796a6',
    '--mantine-color-error': '#ff8787',
    '--added': '#123524',
    '--removed': '#3d1d20',
  },
});
