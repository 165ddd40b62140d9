// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// Caches that follow the server.
var informerClaims = []claim{
	{"a_typed_informer_sees_each_change", typedInformer},
	{"so_does_one_that_speaks_json", jsonInformer},
	{"one_of_metadata_alone", metadataInformer},
	{"one_of_unknown_types", dynamicInformer},
	{"one_with_a_selector_sees_things_come_and_go", selectedInformer},
	{"factories_of_all_kinds_are_in_step", manyInformers},
}

// What happened, in the order in which it was told.
type story chan string

func (s story) handler() cache.ResourceEventHandler {
	name := func(object any) string {
		if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
			object = gone.Obj
		}
		return object.(metav1.Object).GetName()
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) { s <- "+" + name(object) },
		UpdateFunc: func(old, object any) {
			if old.(metav1.Object).GetResourceVersion() != object.(metav1.Object).GetResourceVersion() {
				s <- "*" + name(object)
			}
		},
		DeleteFunc: func(object any) { s <- "-" + name(object) },
	}
}

func (s story) expect(ctx context.Context, words ...string) error {
	for _, word := range words {
		select {
		case have := <-s:
			if err := want("event", word, have); err != nil {
				return err
			}
		case <-ctx.Done():
			return fmt.Errorf("no event %s came", word)
		}
	}
	return nil
}

// follow runs the informer beside changes of ConfigMaps NAME-old (there before) and NAME-new.
func follow(ctx context.Context, c *cluster, name string, informer cache.SharedIndexInformer) error {
	maps := c.typed.CoreV1().ConfigMaps(c.ns)
	wanted := map[string]string{"story": name}
	make := func(which string) *corev1.ConfigMap {
		m := configMap(name+"-"+which, nil)
		m.Labels = wanted
		return m
	}
	old, err := maps.Create(ctx, make("old"), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	events := newStory()
	if _, err := informer.AddEventHandler(events.handler()); err != nil {
		return err
	}
	go informer.RunWithContext(ctx)
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		return errors.New("it did not come into step")
	}
	if err := events.expect(ctx, "+"+name+"-old"); err != nil {
		return err
	}
	if _, err := maps.Create(ctx, make("new"), metav1.CreateOptions{}); err != nil {
		return err
	}
	old.Data = map[string]string{"a": "1"}
	if _, err := maps.Update(ctx, old, metav1.UpdateOptions{}); err != nil {
		return err
	}
	if err := maps.Delete(ctx, name+"-new", metav1.DeleteOptions{}); err != nil {
		return err
	}
	return events.expect(ctx, "+"+name+"-new", "*"+name+"-old", "-"+name+"-new")
}

func newStory() story { return make(story, 100) }

func only(name string) func(*metav1.ListOptions) {
	return func(o *metav1.ListOptions) { o.LabelSelector = "story=" + name }
}

func typedInformer(ctx context.Context, c *cluster) error {
	f := informers.NewSharedInformerFactoryWithOptions(c.typed, 0, informers.WithNamespace(c.ns), informers.WithTweakListOptions(only("typed")))
	return follow(ctx, c, "typed", f.Core().V1().ConfigMaps().Informer())
}

func jsonInformer(ctx context.Context, c *cluster) error {
	config := rest.CopyConfig(c.config)
	config.ContentType, config.AcceptContentTypes = "application/json", "application/json"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	f := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(c.ns), informers.WithTweakListOptions(only("json")))
	return follow(ctx, c, "json", f.Core().V1().ConfigMaps().Informer())
}

var configMaps = corev1.SchemeGroupVersion.WithResource("configmaps")

func metadataInformer(ctx context.Context, c *cluster) error {
	client, err := metadata.NewForConfig(c.config)
	if err != nil {
		return err
	}
	f := metadatainformer.NewFilteredSharedInformerFactory(client, 0, c.ns, only("metadata"))
	return follow(ctx, c, "metadata", f.ForResource(configMaps).Informer())
}

func dynamicInformer(ctx context.Context, c *cluster) error {
	f := dynamicinformer.NewFilteredDynamicSharedInformerFactory(c.dynamic, 0, c.ns, only("dynamic"))
	informer := f.ForResource(configMaps).Informer()
	if err := follow(ctx, c, "dynamic", informer); err != nil {
		return err
	}
	object, found, err := informer.GetStore().GetByKey(c.ns + "/dynamic-old")
	if err != nil || !found {
		return fmt.Errorf("found %t, %v", found, err)
	}
	return want("kind", "ConfigMap", object.(*unstructured.Unstructured).GetKind())
}

func selectedInformer(ctx context.Context, c *cluster) error {
	f := informers.NewSharedInformerFactoryWithOptions(c.typed, 0, informers.WithNamespace(c.ns), informers.WithTweakListOptions(only("moves")))
	informer := f.Core().V1().ConfigMaps().Informer()
	events := newStory()
	if _, err := informer.AddEventHandler(events.handler()); err != nil {
		return err
	}
	go informer.RunWithContext(ctx)
	maps := c.typed.CoreV1().ConfigMaps(c.ns)
	m, err := maps.Create(ctx, configMap("moves", nil), metav1.CreateOptions{})
	for _, label := range []string{"moves", "other", "moves"} {
		if err != nil {
			return err
		}
		m.Labels = map[string]string{"story": label}
		m, err = maps.Update(ctx, m, metav1.UpdateOptions{})
	}
	if err != nil {
		return err
	}
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		return errors.New("it did not come into step")
	}
	return until(ctx, func(context.Context) error {
		for len(events) > 0 {
			<-events
		}
		list, err := f.Core().V1().ConfigMaps().Lister().ConfigMaps(c.ns).List(labels.Everything())
		if err != nil {
			return err
		}
		return want("maps", 1, len(list))
	})
}

func manyInformers(ctx context.Context, c *cluster) error {
	ctx, cancel := context.WithCancel(ctx)
	f := informers.NewSharedInformerFactory(c.typed, 0)
	defer f.Shutdown()
	defer cancel()
	for _, informer := range []cache.SharedIndexInformer{
		f.Core().V1().Nodes().Informer(), f.Core().V1().Pods().Informer(), f.Core().V1().Services().Informer(),
		f.Core().V1().Secrets().Informer(), f.Core().V1().Namespaces().Informer(), f.Core().V1().ServiceAccounts().Informer(),
		f.Core().V1().PersistentVolumes().Informer(), f.Core().V1().PersistentVolumeClaims().Informer(), f.Core().V1().Events().Informer(),
		f.Core().V1().ResourceQuotas().Informer(), f.Core().V1().LimitRanges().Informer(), f.Core().V1().ReplicationControllers().Informer(),
		f.Apps().V1().Deployments().Informer(), f.Apps().V1().ReplicaSets().Informer(), f.Apps().V1().StatefulSets().Informer(),
		f.Apps().V1().DaemonSets().Informer(), f.Apps().V1().ControllerRevisions().Informer(), f.Batch().V1().Jobs().Informer(),
		f.Batch().V1().CronJobs().Informer(), f.Networking().V1().Ingresses().Informer(), f.Networking().V1().NetworkPolicies().Informer(),
		f.Discovery().V1().EndpointSlices().Informer(), f.Policy().V1().PodDisruptionBudgets().Informer(), f.Storage().V1().StorageClasses().Informer(),
		f.Storage().V1().CSINodes().Informer(), f.Storage().V1().VolumeAttachments().Informer(), f.Rbac().V1().ClusterRoles().Informer(),
		f.Rbac().V1().RoleBindings().Informer(), f.Scheduling().V1().PriorityClasses().Informer(), f.Coordination().V1().Leases().Informer(),
		f.Autoscaling().V2().HorizontalPodAutoscalers().Informer(), f.Admissionregistration().V1().ValidatingWebhookConfigurations().Informer(),
		f.Certificates().V1().CertificateSigningRequests().Informer(), f.Resource().V1().ResourceClaims().Informer(),
		f.Flowcontrol().V1().FlowSchemas().Informer(), f.Node().V1().RuntimeClasses().Informer(),
	} {
		_ = informer
	}
	f.Start(ctx.Done())
	for kind, synced := range f.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return fmt.Errorf("%v did not come into step", kind)
		}
	}
	return nil
}
