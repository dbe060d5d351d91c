import { read } from '../api/query.ts';

/** Keys, a feature to ask for, and whether anybody asks. */
export const connection = (project: number) => read('getConnection', { params: { project_id: project } });
