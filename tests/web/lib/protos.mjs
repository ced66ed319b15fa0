// The code that buf made of proto/, by service.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { GENERATED } from './settings.mjs';

const load = (path) => import(pathToFileURL(join(GENERATED, path)).href);

export const admin = await load('thon/v1/admin_service_pb.js');
export const audit = await load('thon/v1/audit_service_pb.js');
export const command = await load('thon/v1/command_service_pb.js');
export const details = await load('google/rpc/error_details_pb.js');
export const event = await load('thon/v1/event_pb.js');
export const log = await load('thon/v1/log_pb.js');
export const policy = await load('thon/v1/policy_pb.js');
export const query = await load('thon/v1/query_service_pb.js');
export const rows = await load('thon/v1/rows_pb.js');
export const watch = await load('thon/v1/watch_service_pb.js');
