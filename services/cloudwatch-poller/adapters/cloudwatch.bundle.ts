// All that is used of the SDK, bundled: loaded whole, from its package, it takes 9 MB more.
export {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  type FilteredLogEvent,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
