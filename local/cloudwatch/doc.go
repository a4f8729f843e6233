// Package cloudwatch is the part of CloudWatch that decides about alarms: metrics, metric alarms and composite alarms, with the signing name
// "monitoring" (AWS JSON 1.0).
//
// # What it guarantees
//
// Metrics come from lines of functions' logs in the embedded metric format ([Service.TakeLog]), from what the other services report
// ([Service.Put]) and from PutMetricData. AWS::CloudWatch::Alarm is evaluated as
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html says: statistics over periods, M out of N data points,
// the four treatments of missing data, metric math of +, -, *, /, parentheses and FILL with a number. AWS::CloudWatch::CompositeAlarm knows ALARM, OK and
// INSUFFICIENT_DATA of alarms, AND, OR, NOT, TRUE and FALSE. A property, statistic or function that is not run stops the deployment. Each
// change of state stands in the journal, without its actions: there is nobody to tell. A region's alarms stand still while it is lost.
//
// # What it does not do
//
// Periods roll: they end now, not at the last full minute, and no further data points are looked at than those of the evaluation periods. Metrics
// are forgotten after the longest window of any alarm, and a second of a metric keeps its first 64 values for percentiles. Anomaly detection, Metrics
// Insights, dashboards and streams are not run. Of the API: DescribeAlarms, PutMetricData and GetMetricData of single metrics.
package cloudwatch
