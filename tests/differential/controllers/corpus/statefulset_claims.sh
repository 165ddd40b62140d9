# may differ: StatefulSet/db FailedUpdate (two writers met)
# Claims that nothing binds: pods stay pending, the claims' owners follow the retention policy.
kubectl apply -f - <<YAML
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 2
  serviceName: db
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: db}}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Delete}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: c, image: "img:1"}]}
  volumeClaimTemplates:
  - metadata: {name: data, labels: {tier: disk}}
    spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}
YAML
# settle
kubectl patch statefulset db -p '{"spec":{"persistentVolumeClaimRetentionPolicy":{"whenDeleted":"Retain","whenScaled":"Retain"}}}'
# settle
kubectl scale statefulset db --replicas=1
# settle
