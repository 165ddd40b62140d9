# may differ: (Job|Pod)/failfast (which of two failures is seen first)
# Jobs that succeed, fail, are suspended, resumed, indexed.
job() {
	kubectl create -f - <<YAML
apiVersion: batch/v1
kind: Job
metadata: {name: $1}
spec:
  $3
  template:
    metadata: {annotations: {$2}}
    spec: {restartPolicy: Never, containers: [{name: c, image: "img:1"}]}
YAML
}
job ok 'fake/exit: "0"' 'completions: 3
  parallelism: 2'
job bad 'fake/exit: "1"' 'backoffLimit: 0'
job indexed 'fake/exit: "0"' 'completionMode: Indexed
  completions: 3
  parallelism: 3'
job perindex 'fake/exit: "1"' 'completionMode: Indexed
  completions: 2
  parallelism: 2
  backoffLimitPerIndex: 0'
job failfast 'fake/exit: "1"' 'completionMode: Indexed
  completions: 2
  parallelism: 2
  backoffLimitPerIndex: 0
  maxFailedIndexes: 0'
job policy 'fake/exit: "42"' 'podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {containerName: c, operator: In, values: [42]}}]}'
job ignore 'fake/exit: "0"' 'podFailurePolicy: {rules: [{action: Ignore, onPodConditions: [{type: DisruptionTarget, status: "True"}]}]}'
job leader 'fake/exit: "0"' 'completionMode: Indexed
  completions: 3
  parallelism: 1
  successPolicy: {rules: [{succeededIndexes: "0", succeededCount: 1}]}'
job queue 'fake/exit: "0"' 'parallelism: 2'
job long 'fake/none: "0"' 'parallelism: 2'
job late 'fake/none: "0"' 'activeDeadlineSeconds: 3'
job paused 'fake/none: "0"' 'suspend: true'
job others 'fake/none: "0"' 'managedBy: example.com/other'
job gone 'fake/exit: "0"' 'ttlSecondsAfterFinished: 0'
# settle 4
kubectl patch job paused -p '{"spec":{"suspend":false}}'
kubectl patch job long -p '{"spec":{"suspend":true}}'
# settle
kubectl patch job long -p '{"spec":{"suspend":false,"parallelism":1}}'
# settle
kubectl delete job ok long
kubectl delete job indexed --cascade=orphan
# settle
