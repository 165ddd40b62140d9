# may differ: event Normal PodDisruptionBudget/\w+ NoPods (whether the budget or its pods are seen first)
# may differ: event Warning PodDisruptionBudget/\w+ CalculateExpectedPodCountFailed (whether the budget or its pods are seen first)
# Budgets over pods whose owner has no size: a Job's.
kubectl apply -f - <<YAML
apiVersion: batch/v1
kind: Job
metadata: {name: work}
spec:
  parallelism: 2
  template:
    metadata: {labels: {app: work}, annotations: {fake/none: "0"}}
    spec: {restartPolicy: Never, containers: [{name: c, image: "img:1"}]}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: set}
spec:
  replicas: 3
  selector: {matchLabels: {app: set}}
  template:
    metadata: {labels: {app: set}}
    spec: {containers: [{name: c, image: "img:1"}]}
YAML
# settle
kubectl apply -f - <<YAML
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: part}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: work}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: number}
spec: {minAvailable: 1, selector: {matchLabels: {app: work}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: both}
spec: {minAvailable: 30%, selector: {matchExpressions: [{key: app, operator: In, values: [set]}]}}
YAML
# settle 4
