import type * as endpoints from '@halyard/contract';
import type { InputOf } from '@halyard/contract';
import { requireUser, visibleOrganisations } from '../../access/service.ts';
import { changeOrganisation } from '../../changes/service.ts';
import { type Context, inTransaction } from '../../context.ts';
import { invalid, invalidTogether } from '../../errors.ts';
import { leaveOrganisation, standingOf } from '../../organisation-members/service.ts';
import { deleteOrganisation } from '../../organisations/service.ts';
import { eraseUser } from '../../users/service.ts';
import { spendAllAccountTokens } from '../links/service.ts';
import { forgetMfa } from '../mfa/service.ts';
import { isOwnPassword } from '../password/service.ts';
import { forgetSocialLogins } from '../social/service.ts';
import { endAllSessions } from '../tokens/service.ts';

/**
 * Closes the account of the person who asks. Organisations that nobody else belongs to go with it where asked.
 * @throws RequestError 400 for a wrong password, and where an organisation would be left without anybody to administer it.
 */
export async function closeAccount(ctx: Context, { body }: InputOf<typeof endpoints.closeAccount>): Promise<void> {
  const { userId } = requireUser(ctx);
  if (!(await isOwnPassword(ctx, body.current_password))) throw invalid({ current_password: ['Invalid password.'] });
  await inTransaction(ctx, async (ctx) => {
    const organisations = await visibleOrganisations(ctx);
    for (const { organisationId } of organisations) {
      await changeOrganisation(ctx, { organisationId }, async (ctx, record) => {
        const { isAlone, isLastAdmin } = await standingOf(ctx, { organisationId, userId });
        if (isAlone && body.delete_orphan_organisations) {
          await deleteOrganisation(ctx, { params: { organisation_id: organisationId } });
        } else if (isAlone) {
          throw invalid({ delete_orphan_organisations: [nobodyLeft] });
        } else if (isLastAdmin) {
          throw invalidTogether(noAdminLeft);
        }
        await leaveOrganisation(ctx, { organisationId, userId }, record);
      });
    }
    await forgetSocialLogins(ctx, userId);
    await forgetMfa(ctx, userId);
    await spendAllAccountTokens(ctx, userId);
    await endAllSessions(ctx, userId);
    await eraseUser(ctx, userId);
  });
}

const nobodyLeft =
  'Nobody else belongs to an organisation of yours. Set this to delete it with your account, or make somebody its administrator first.';
const noAdminLeft = 'An organisation of yours has no other administrator. Make another member an administrator first.';
