import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { findProject, session } from '../shell/queries.ts';
import { Loaded, Empty } from '../ui/States.tsx';
import { SettingsFrame } from './SettingsFrame.tsx';
import { projectTabs } from './tabs.ts';

/** The settings of a project, in tabs. */
export function ProjectSettingsPage() {
  const params = useParams({ strict: false }) as { project: string; tab?: string };
  const id = Number(params.project);
  return (
    <Loaded query={useQuery(session())}>
      {(own) => {
        const project = findProject(own, id)?.project;
        if (!project) return <Empty title="There is no such project">Or you may not see it.</Empty>;
        return (
          <SettingsFrame
            id={id}
            of={project.name}
            tabs={projectTabs}
            rights={project}
            tab={params.tab}
            base={`/projects/${id}/settings`}
          />
        );
      }}
    </Loaded>
  );
}
