# may differ: web-H1-\w+." is forbidden (names at random)
# Quotas: what is counted, and what is refused.
kubectl apply -f - <<YAML
apiVersion: v1
kind: ResourceQuota
metadata: {name: all}
spec: {hard: {pods: "2", requests.cpu: "1", limits.memory: 1Gi, services: "2", configmaps: "5", count/deployments.apps: "2", persistentvolumeclaims: "1"}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: besteffort}
spec: {hard: {pods: "10"}, scopes: [BestEffort]}
YAML
# settle
kubectl apply -f - <<YAML
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: "img:1", resources: {requests: {cpu: 100m}, limits: {memory: 64Mi}}}]}
YAML
# settle 4
kubectl delete deployment web
# settle 6
