import { useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import { queryClient } from '../api/query.ts';
import { forgetToken } from '../api/token.ts';
import { logOut } from './queries.ts';

/** Ends the session, here even if the server cannot be told. */
export function useLogOut(): () => Promise<void> {
  const navigate = useNavigate();
  return useCallback(async () => {
    await logOut().catch(() => {});
    forgetToken();
    await navigate({ to: '/login' });
    queryClient.clear();
  }, [navigate]);
}
