// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// Who of several does the work: by a Lease.
var electionClaims = []claim{
	{"one_of_two_leads_and_the_other_takes_over", handOver},
}

type candidate struct {
	name  string
	leads chan<- string
	end   context.CancelFunc
	done  chan struct{}
}

func candidateStart(ctx context.Context, c *cluster, name string, leads chan<- string) *candidate {
	ctx, cancel := context.WithCancel(ctx)
	one := &candidate{name, leads, cancel, make(chan struct{})}
	config := leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{LeaseMeta: metav1.ObjectMeta{Name: "lead", Namespace: c.ns}, Client: c.typed.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: name}},
		LeaseDuration: 10 * time.Second, RenewDeadline: 5 * time.Second, RetryPeriod: 200 * time.Millisecond,
		ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { leads <- name },
			OnStoppedLeading: func() {},
		},
	}
	go func() {
		leaderelection.RunOrDie(ctx, config)
		close(one.done)
	}()
	return one
}

func next(ctx context.Context, leads <-chan string) string {
	select {
	case name := <-leads:
		return name
	case <-ctx.Done():
		return "nobody"
	}
}

func handOver(ctx context.Context, c *cluster) error {
	leads := make(chan string, 2)
	a := candidateStart(ctx, c, "a", leads)
	if err := want("leader", "a", next(ctx, leads)); err != nil {
		return err
	}
	b := candidateStart(ctx, c, "b", leads)
	defer b.end()
	a.end()
	<-a.done
	if err := want("leader", "b", next(ctx, leads)); err != nil {
		return err
	}
	lease, err := c.typed.CoordinationV1().Leases(c.ns).Get(ctx, "lead", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if lease.Spec.LeaseTransitions == nil || *lease.Spec.LeaseTransitions < 1 {
		return errors.New("no transition is counted")
	}
	return want("holder", "b", *lease.Spec.HolderIdentity)
}
