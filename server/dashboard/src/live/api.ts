// The unary calls of the page. The session's cookie goes with them.
import {type Client, createClient} from '@connectrpc/connect';
import {createGrpcWebTransport} from '@connectrpc/connect-web';
import {create, type MessageInitShape} from '@bufbuild/protobuf';
import {AdminService} from '../gen/thon/v1/admin_service_pb';
import {AuditService} from '../gen/thon/v1/audit_service_pb';
import {CommandService} from '../gen/thon/v1/command_service_pb';
import {PolicyService} from '../gen/thon/v1/policy_service_pb';
import {AsOfSchema, type AsOf, QueryService, type ReadOptionsSchema} from '../gen/thon/v1/query_service_pb';
import type {AtParam} from '../lib/url';

// A unary call that takes longer has failed; the server waits 30 s at most.
const CALL_MS = 40_000;

export interface Api {
  readonly query: Client<typeof QueryService>;
  readonly commands: Client<typeof CommandService>;
  readonly policy: Client<typeof PolicyService>;
  readonly admin: Client<typeof AdminService>;
  readonly audit: Client<typeof AuditService>;
}

export function createApi(baseUrl: string): Api {
  const transport = createGrpcWebTransport({
    baseUrl,
    defaultTimeoutMs: CALL_MS,
    fetch: (input, init) => globalThis.fetch(input, {...init, credentials: 'same-origin', cache: 'no-store'}),
  });
  return {
    query: createClient(QueryService, transport),
    commands: createClient(CommandService, transport),
    policy: createClient(PolicyService, transport),
    admin: createClient(AdminService, transport),
    audit: createClient(AuditService, transport),
  };
}

export const api: Api = createApi(globalThis.location?.origin ?? 'http://127.0.0.1');

export function asOf(at: AtParam): AsOf {
  return create(AsOfSchema, {
    moment: 'date' in at ? {case: 'date', value: at.date} : {case: 'position', value: at.position},
  });
}

// ReadOptions for a call about what is shown: the past when the page looks at
// it, else the newest rows, at least those of `minPosition`.
export function options(
  at: AtParam | undefined,
  minPosition = 0n,
): MessageInitShape<typeof ReadOptionsSchema> {
  return at ? {asOf: asOf(at)} : {minPosition};
}
