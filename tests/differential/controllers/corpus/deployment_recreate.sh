# may differ: refused-H1-\w* (the refused pod has its name already, or not yet)
# may differ: Deployment/web .status.conditions\[\d\].message = "ReplicaSet ."web-H\d." has successfully progressed (between two sets there are no pods: whoever looks just then takes the roll-out for complete and keeps the old name)
# Recreate, history limit, a template that can't be created.
kubectl apply -f - <<YAML
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  revisionHistoryLimit: 1
  strategy: {type: Recreate}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: "img:1"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: refused}
spec:
  replicas: 1
  selector: {matchLabels: {app: refused}}
  template:
    metadata: {labels: {app: refused}}
    spec: {serviceAccountName: nobody, containers: [{name: c, image: "img:1", resources: {requests: {cpu: 100m}}}]}
YAML
# settle
kubectl set image deployment/web c=img:2
# settle
kubectl set image deployment/web c=img:3
# settle
kubectl set image deployment/web c=img:4
# settle
kubectl delete deployment web --cascade=orphan
# settle
