// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	toolswatch "k8s.io/client-go/tools/watch"
)

// Watches as they are, below informers.
var watchClaims = []claim{
	{"a_streamed_list_ends_with_a_bookmark", streamedList},
	{"a_watch_goes_on_from_a_revision", watchSince},
	{"a_retrying_watch_outlives_its_connections", watchRetried},
	{"a_condition_is_waited_for", watchUntil},
	{"a_watch_ends_when_its_time_is_over", watchTimeout},
}

func take(ctx context.Context, w watch.Interface) (watch.Event, error) {
	select {
	case e, ok := <-w.ResultChan():
		if !ok {
			return e, errors.New("the watch has ended")
		}
		if e.Type == watch.Error {
			return e, apierrors.FromObject(e.Object)
		}
		return e, nil
	case <-ctx.Done():
		return watch.Event{}, errors.New("no event came")
	}
}

func streamedList(ctx context.Context, c *cluster) error {
	maps := c.typed.CoreV1().ConfigMaps(c.ns)
	for i := range 3 {
		if _, err := maps.Create(ctx, configMap(fmt.Sprintf("streamed-%d", i), nil), metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	yes := true
	w, err := maps.Watch(ctx, metav1.ListOptions{SendInitialEvents: &yes, AllowWatchBookmarks: true, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan})
	if err != nil {
		return err
	}
	defer w.Stop()
	seen := map[string]bool{}
	for {
		e, err := take(ctx, w)
		if err != nil {
			return err
		}
		m := e.Object.(*corev1.ConfigMap)
		if e.Type == watch.Bookmark {
			if m.Annotations[metav1.InitialEventsAnnotationKey] != "true" || m.ResourceVersion == "" {
				return fmt.Errorf("bookmark %+v", m.ObjectMeta)
			}
			break
		}
		seen[m.Name] = e.Type == watch.Added
	}
	return want("all came first", true, seen["streamed-0"] && seen["streamed-1"] && seen["streamed-2"])
}

func watchSince(ctx context.Context, c *cluster) error {
	maps := c.typed.CoreV1().ConfigMaps(c.ns)
	m, err := maps.Create(ctx, configMap("since", nil), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if err := maps.Delete(ctx, "since", metav1.DeleteOptions{}); err != nil {
		return err
	}
	w, err := maps.Watch(ctx, metav1.ListOptions{ResourceVersion: m.ResourceVersion})
	if err != nil {
		return err
	}
	defer w.Stop()
	e, err := take(ctx, w)
	if err != nil {
		return err
	}
	if last := e.Object.(*corev1.ConfigMap); last.ResourceVersion == m.ResourceVersion || last.UID != m.UID {
		return fmt.Errorf("%s is of revision %s", last.Name, last.ResourceVersion)
	}
	return want("event", watch.Deleted, e.Type)
}

// Its connections are ended after each event: nothing is lost in between.
func watchRetried(ctx context.Context, c *cluster) error {
	maps := c.typed.CoreV1().ConfigMaps(c.ns)
	list, err := maps.List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	connections := make(chan watch.Interface, 10)
	fragile := &cache.ListWatch{WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
		w, err := maps.Watch(ctx, o)
		if err == nil {
			connections <- w
		}
		return w, err
	}}
	w, err := toolswatch.NewRetryWatcherWithContext(ctx, list.ResourceVersion, fragile)
	if err != nil {
		return err
	}
	defer w.Stop()
	for i := range 3 {
		name := fmt.Sprintf("retried-%d", i)
		if _, err := maps.Create(ctx, configMap(name, nil), metav1.CreateOptions{}); err != nil {
			return err
		}
		e, err := take(ctx, w)
		if err != nil {
			return err
		}
		if have := e.Object.(*corev1.ConfigMap).Name; have != name {
			return want("map", name, have)
		}
		(<-connections).Stop()
	}
	return nil
}

func watchUntil(ctx context.Context, c *cluster) error {
	maps := c.typed.CoreV1().ConfigMaps(c.ns)
	go func() {
		m, err := maps.Create(ctx, configMap("awaited", nil), metav1.CreateOptions{})
		if err == nil {
			m.Data = map[string]string{"done": "yes"}
			_, _ = maps.Update(ctx, m, metav1.UpdateOptions{})
		}
	}()
	lw := cache.NewListWatchFromClient(c.typed.CoreV1().RESTClient(), "configmaps", c.ns, fields.OneTermEqualSelector("metadata.name", "awaited"))
	_, err := toolswatch.UntilWithSync(ctx, lw, &corev1.ConfigMap{}, nil, func(e watch.Event) (bool, error) {
		return e.Object.(*corev1.ConfigMap).Data["done"] == "yes", nil
	})
	return err
}

func watchTimeout(ctx context.Context, c *cluster) error {
	second := int64(1)
	w, err := c.typed.CoreV1().ConfigMaps(c.ns).Watch(ctx, metav1.ListOptions{TimeoutSeconds: &second, FieldSelector: "metadata.name=none"})
	if err != nil {
		return err
	}
	select {
	case _, ok := <-w.ResultChan():
		return want("an event", false, ok)
	case <-ctx.Done():
		return errors.New("it went on")
	}
}
