import { Anchor, Box, Group } from '@mantine/core';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { FeatureEditor } from './FeatureEditor.tsx';

/** One feature as a page of its own. */
export function FeaturePage() {
  const { project, feature } = useParams({ from: '/app/projects/$project/features/$feature' });
  const { tab } = useSearch({ from: '/app/projects/$project/features/$feature' });
  const navigate = useNavigate();
  return (
    <>
      <Group mb="sm">
        <Anchor component={Link} to={`/projects/${project}/features`} size="sm">
          ← Features
        </Anchor>
      </Group>
      <Box className="card" h="calc(100dvh - 150px)" style={{ overflow: 'hidden' }}>
        <FeatureEditor
          key={feature}
          project={Number(project)}
          feature={Number(feature)}
          heading
          tab={tab}
          onTab={(next) => void navigate({ to: '.', search: { tab: next }, replace: true })}
          onGone={() => void navigate({ to: `/projects/${project}/features` })}
        />
      </Box>
    </>
  );
}
