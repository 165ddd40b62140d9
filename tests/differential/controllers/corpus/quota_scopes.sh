# Quotas with scopes, of counts and of claims.
kubectl apply -f - <<YAML
apiVersion: v1
kind: ResourceQuota
metadata: {name: short}
spec: {hard: {pods: "9", requests.cpu: "4"}, scopes: [Terminating]}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: long}
spec: {hard: {pods: "9"}, scopes: [NotTerminating, NotBestEffort]}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: critical}
spec: {hard: {pods: "9"}, scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: NotIn, values: [none]}]}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: near}
spec: {hard: {pods: "9"}, scopeSelector: {matchExpressions: [{scopeName: CrossNamespacePodAffinity, operator: Exists}]}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: attributes}
spec: {hard: {persistentvolumeclaims: "9", requests.storage: 9Gi}, scopeSelector: {matchExpressions: [{scopeName: VolumeAttributesClass, operator: In, values: [fast]}]}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: counts}
spec: {hard: {count/configmaps: "9", count/jobs.batch: "9", count/pods: "9", services.nodeports: "9", gold.storageclass.storage.k8s.io/requests.storage: 9Gi, requests.nvidia.com/gpu: "9", hugepages-2Mi: 1Gi, ephemeral-storage: 1Gi}}
YAML
# settle
kubectl apply -f - <<YAML
apiVersion: v1
kind: Pod
metadata: {name: deadline}
spec: {activeDeadlineSeconds: 600, containers: [{name: c, image: "img:1", resources: {requests: {cpu: 1, ephemeral-storage: 1Mi}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: apart}
spec:
  containers: [{name: c, image: "img:1", resources: {limits: {cpu: 500m, ephemeral-storage: 1Mi}}}]
  affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: kubernetes.io/hostname, namespaces: [other], labelSelector: {}}}]}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: plain}
spec: {accessModes: [ReadWriteOnce], storageClassName: gold, resources: {requests: {storage: 2Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: tuned}
spec: {accessModes: [ReadWriteOnce], storageClassName: gold, volumeAttributesClassName: fast, resources: {requests: {storage: 1Gi}}}
YAML
# settle 4
kubectl delete pod deadline
kubectl delete pvc tuned
# settle 6
