# Ordered pods with claims: created, updated, partitioned, scaled, claims kept and deleted.
kubectl apply -f - <<YAML
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432, name: pg}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 3
  serviceName: db
  selector: {matchLabels: {app: db}}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Delete}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: c, image: "img:1"}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: kv}
spec:
  replicas: 3
  serviceName: db
  podManagementPolicy: Parallel
  ordinals: {start: 5}
  selector: {matchLabels: {app: kv}}
  template:
    metadata: {labels: {app: kv}}
    spec: {containers: [{name: c, image: "img:1"}]}
YAML
# settle
kubectl patch statefulset db -p '{"spec":{"updateStrategy":{"rollingUpdate":{"partition":2}}}}'
kubectl set image statefulset/db c=img:2
kubectl set image statefulset/kv c=img:2
# settle
kubectl patch statefulset db -p '{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}'
# settle
kubectl rollout undo statefulset/db
# settle
kubectl scale statefulset db --replicas=1
kubectl scale statefulset kv --replicas=5
# settle
kubectl delete pod db-0 kv-6
# settle
kubectl delete statefulset db kv
# settle
