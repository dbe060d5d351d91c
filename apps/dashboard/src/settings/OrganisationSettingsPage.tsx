import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { session } from '../shell/queries.ts';
import { Empty, Loaded } from '../ui/States.tsx';
import { SettingsFrame } from './SettingsFrame.tsx';
import { organisationTabs } from './tabs.ts';

/** The settings of an organisation, in tabs. */
export function OrganisationSettingsPage() {
  const params = useParams({ strict: false }) as { organisation: string; tab?: string };
  const id = Number(params.organisation);
  return (
    <Loaded query={useQuery(session())}>
      {({ organisations }) => {
        const organisation = organisations.find((one) => one.id === id);
        if (!organisation) return <Empty title="There is no such organisation">Or you do not belong to it.</Empty>;
        return (
          <SettingsFrame
            id={id}
            of={organisation.name}
            tabs={organisationTabs}
            rights={organisation}
            tab={params.tab}
            base={`/organisations/${id}/settings`}
          />
        );
      }}
    </Loaded>
  );
}
