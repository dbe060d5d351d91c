import type { SessionOrganisation, SessionProject } from '@halyard/contract';
import {
  IconAdjustments,
  IconArrowsExchange,
  IconForms,
  IconHeartbeat,
  IconKey,
  IconPlug,
  IconServer,
  IconShieldCheck,
  IconTag,
  IconTrash,
  IconWebhook,
} from '@tabler/icons-react';
import { lazy } from 'react';
import type { SettingsTab } from './SettingsFrame.tsx';

const isAdmin = ({ my_permissions }: SessionProject | SessionOrganisation) => my_permissions.admin;
const administersAny = (project: SessionProject) =>
  isAdmin(project) || project.environments.some(({ my_permissions }) => my_permissions.admin);

/** The tabs of a project's settings, in their order. */
export const projectTabs: SettingsTab<SessionProject>[] = [
  {
    name: 'general',
    label: 'General',
    icon: IconAdjustments,
    may: isAdmin,
    Screen: lazy(() => import('./ProjectGeneralTab.tsx').then((file) => ({ default: file.ProjectGeneralTab }))),
  },
  {
    name: 'environments',
    label: 'Environments',
    icon: IconServer,
    may: () => true,
    Screen: lazy(() => import('./EnvironmentsTab.tsx').then((file) => ({ default: file.EnvironmentsTab }))),
  },
  {
    name: 'tags',
    label: 'Tags',
    icon: IconTag,
    may: () => true,
    Screen: lazy(() => import('./TagsTab.tsx').then((file) => ({ default: file.TagsTab }))),
  },
  {
    name: 'custom-fields',
    label: 'Custom fields',
    icon: IconForms,
    may: isAdmin,
    Screen: lazy(() => import('./CustomFieldsTab.tsx').then((file) => ({ default: file.ProjectCustomFieldsTab }))),
  },
  {
    name: 'webhooks',
    label: 'Webhooks',
    icon: IconWebhook,
    may: administersAny,
    Screen: lazy(() => import('./WebhooksTab.tsx').then((file) => ({ default: file.ProjectWebhooksTab }))),
  },
  {
    name: 'integrations',
    label: 'Integrations',
    icon: IconPlug,
    may: administersAny,
    Screen: lazy(() => import('./IntegrationsTab.tsx').then((file) => ({ default: file.ProjectIntegrationsTab }))),
  },
  {
    name: 'feature-health',
    label: 'Feature health',
    icon: IconHeartbeat,
    may: isAdmin,
    Screen: lazy(() => import('./FeatureHealthTab.tsx').then((file) => ({ default: file.FeatureHealthTab }))),
  },
  {
    name: 'transfer',
    label: 'Import and export',
    icon: IconArrowsExchange,
    may: administersAny,
    Screen: lazy(() => import('./TransferTab.tsx').then((file) => ({ default: file.TransferTab }))),
  },
  {
    name: 'delete',
    label: 'Delete project',
    icon: IconTrash,
    may: isAdmin,
    Screen: lazy(() => import('./DeleteTabs.tsx').then((file) => ({ default: file.DeleteProjectTab }))),
  },
];

/** The tabs of an organisation's settings, in their order. */
export const organisationTabs: SettingsTab<SessionOrganisation>[] = [
  {
    name: 'general',
    label: 'General',
    icon: IconAdjustments,
    may: isAdmin,
    Screen: lazy(() =>
      import('./OrganisationGeneralTab.tsx').then((file) => ({ default: file.OrganisationGeneralTab })),
    ),
  },
  {
    name: 'api-keys',
    label: 'API keys',
    icon: IconKey,
    may: isAdmin,
    Screen: lazy(() => import('../api-keys/ApiKeysTab.tsx').then((file) => ({ default: file.ApiKeysTab }))),
  },
  {
    name: 'trust-relationships',
    label: 'Trust relationships',
    icon: IconShieldCheck,
    may: isAdmin,
    Screen: lazy(() => import('../api-keys/TrustTab.tsx').then((file) => ({ default: file.TrustTab }))),
  },
  {
    name: 'custom-fields',
    label: 'Custom fields',
    icon: IconForms,
    may: isAdmin,
    Screen: lazy(() => import('./CustomFieldsTab.tsx').then((file) => ({ default: file.OrganisationCustomFieldsTab }))),
  },
  {
    name: 'webhooks',
    label: 'Webhooks',
    icon: IconWebhook,
    may: isAdmin,
    Screen: lazy(() => import('./WebhooksTab.tsx').then((file) => ({ default: file.OrganisationWebhooksTab }))),
  },
  {
    name: 'integrations',
    label: 'Integrations',
    icon: IconPlug,
    may: isAdmin,
    Screen: lazy(() => import('./IntegrationsTab.tsx').then((file) => ({ default: file.OrganisationIntegrationsTab }))),
  },
  {
    name: 'delete',
    label: 'Delete organisation',
    icon: IconTrash,
    may: isAdmin,
    Screen: lazy(() => import('./DeleteTabs.tsx').then((file) => ({ default: file.DeleteOrganisationTab }))),
  },
];
