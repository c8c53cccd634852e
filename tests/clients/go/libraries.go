package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bsm/redislock"
	"github.com/go-redis/redis_rate/v10"
	"github.com/go-redsync/redsync/v4"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	redigo "github.com/gomodule/redigo/redis"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
	"github.com/redis/rueidis/rueidislock"
)

// The Go libraries that live on Lua, and two more clients' scripts. Each is set up once and gives back an exercise, which uses it
// as a program would. The exercise runs three times with the same objects, so that what they remember
// of scripts is no longer true: on a new server, after SCRIPT FLUSH, and after a restart.
var luaLibraries = []struct {
	name  string
	setUp func(*redis.Client) func()
}{
	{"redsync", redsyncMutex},
	{"redislock", redisLock},
	{"redis_rate", redisRate},
	{"asynq", asynqTasks},
	{"redigo", redigoScript},
	{"rueidis", rueidisScript},
}

func libraries() {
	chosen := strings.Fields(os.Getenv("LIBRARIES"))
	for _, protocol := range []int{2, 3} {
		for _, library := range luaLibraries {
			if len(chosen) > 0 && !slices.Contains(chosen, library.name) {
				continue
			}
			client := connect(protocol)
			begin := time.Now()
			exercise := library.setUp(client)
			for _, round := range []string{"new", "SCRIPT FLUSH", "restart"} {
				prefix = fmt.Sprintf("RESP%d %s, %s", protocol, library.name, round)
				switch round {
				case "SCRIPT FLUSH":
					client.ScriptFlush(ctx)
				case "restart":
					restart()
				}
				check("FLUSHALL", client.FlushAll(ctx).Err(), nil)
				exercise()
			}
			client.Close()
			fmt.Printf("%s: %.1f s\n", library.name, time.Since(begin).Seconds())
		}
	}
}

func redsyncMutex(c *redis.Client) func() {
	locks := redsync.New(goredis.NewPool(c))
	return func() {
		mutex := locks.NewMutex("mutex", redsync.WithExpiry(10*time.Second))
		other := locks.NewMutex("mutex", redsync.WithTries(2), redsync.WithRetryDelay(10*time.Millisecond))
		check("Lock", mutex.Lock(), nil)
		var taken *redsync.ErrTaken
		check("another doesn't get it", errors.As(other.Lock(), &taken), true)
		check("Extend", value(mutex.Extend()), true)
		left := c.PTTL(ctx, "mutex").Val()
		check("its time to live", left > 9*time.Second && left <= 10*time.Second, true)
		check("Valid", value(mutex.Valid()), true)
		_, err := other.Extend()
		check("another can't extend it", err != nil, true)
		check("Unlock", value(mutex.Unlock()), true)
		_, err = mutex.Unlock()
		check("Unlock again", errors.Is(err, redsync.ErrLockAlreadyExpired), true)
		gone := locks.NewMutex("gone", redsync.WithSetNXOnExtend())
		check("Extend what is gone", []any{gone.Lock(), c.Del(ctx, "gone").Val(), value(gone.Extend())}, []any{nil, int64(1), true})

		var inside, most atomic.Int32
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				mutex := locks.NewMutex("contended", redsync.WithTries(500), redsync.WithRetryDelay(5*time.Millisecond))
				for range 5 {
					if err := mutex.Lock(); err != nil {
						most.Store(100)
						return
					}
					most.Store(max(most.Load(), inside.Add(1)))
					inside.Add(-1)
					mutex.Unlock()
				}
			})
		}
		group.Wait()
		check("8 goroutines, one at a time", most.Load(), int32(1))
	}
}

func redisLock(c *redis.Client) func() {
	locker := redislock.New(c)
	return func() {
		lock, err := locker.Obtain(ctx, "door", 10*time.Second, &redislock.Options{Metadata: "mine"})
		check("Obtain", err, nil)
		_, err = locker.Obtain(ctx, "door", time.Second, nil)
		check("another doesn't get it", err, error(redislock.ErrNotObtained))
		if lock == nil {
			return
		}
		check("Metadata", lock.Metadata(), "mine")
		left, err := lock.TTL(ctx)
		check("TTL", []any{left > 9*time.Second, err}, []any{true, error(nil)})
		check("Refresh", lock.Refresh(ctx, 30*time.Second, nil), nil)
		left, _ = lock.TTL(ctx)
		check("TTL after it", left > 29*time.Second, true)
		go func() {
			time.Sleep(30 * time.Millisecond)
			lock.Release(ctx)
		}()
		patient := &redislock.Options{RetryStrategy: redislock.LimitRetry(redislock.LinearBackoff(10*time.Millisecond), 100)}
		next, err := locker.Obtain(ctx, "door", time.Second, patient)
		check("Obtain when it's released", err, nil)
		check("Refresh what was released", lock.Refresh(ctx, time.Second, nil), error(redislock.ErrNotObtained))
		check("Release", next.Release(ctx), nil)
		check("Release again", next.Release(ctx), error(redislock.ErrLockNotHeld))
	}
}

func redisRate(c *redis.Client) func() {
	limiter := redis_rate.NewLimiter(c)
	return func() {
		limit := redis_rate.PerMinute(3)
		var allowed, remaining []int
		for range 4 {
			result, err := limiter.Allow(ctx, "user", limit)
			if err != nil {
				check("Allow", err, nil)
				return
			}
			allowed, remaining = append(allowed, result.Allowed), append(remaining, result.Remaining)
		}
		check("Allow", [][]int{allowed, remaining}, [][]int{{1, 1, 1, 0}, {2, 1, 0, 0}})
		result, _ := limiter.Allow(ctx, "user", limit)
		check("when to try again", result.RetryAfter > 18*time.Second && result.RetryAfter <= 20*time.Second, true)
		check("when it's as new", result.ResetAfter > 58*time.Second && result.ResetAfter <= 60*time.Second, true)
		result, err := limiter.AllowN(ctx, "batch", redis_rate.PerSecond(10), 7)
		check("AllowN", []any{result.Allowed, result.Remaining, err}, []any{7, 3, error(nil)})
		result, err = limiter.AllowAtMost(ctx, "batch", redis_rate.PerHour(10), 100)
		check("AllowAtMost", []any{result.Allowed < 100, err}, []any{true, error(nil)})
		check("Reset", limiter.Reset(ctx, "user"), nil)
		result, err = limiter.Allow(ctx, "user", limit)
		check("as new", []any{result.Remaining, err}, []any{2, error(nil)})
	}
}

func asynqTasks(c *redis.Client) func() {
	inspector := asynq.NewInspectorFromRedisClient(c)
	return func() {
		// It remembers which queues are known to the server, which FLUSHALL made untrue.
		client := asynq.NewClientFromRedisClient(c)
		var done, tries atomic.Int32
		var grouped atomic.Value
		handler := asynq.NewServeMux()
		handler.HandleFunc("add", func(_ context.Context, task *asynq.Task) error {
			task.ResultWriter().Write([]byte("seen " + string(task.Payload())))
			done.Add(1)
			return nil
		})
		handler.HandleFunc("flaky", func(context.Context, *asynq.Task) error {
			if tries.Add(1) < 2 {
				return errors.New("as it was meant to")
			}
			return nil
		})
		handler.HandleFunc("broken", func(context.Context, *asynq.Task) error {
			return fmt.Errorf("as it was meant to: %w", asynq.SkipRetry)
		})
		handler.HandleFunc("group", func(_ context.Context, task *asynq.Task) error {
			grouped.Store(string(task.Payload()))
			return nil
		})
		server := asynq.NewServerFromRedisClient(c, asynq.Config{
			Concurrency:              4,
			Queues:                   map[string]int{"default": 1, "high": 3},
			LogLevel:                 asynq.FatalLevel,
			TaskCheckInterval:        50 * time.Millisecond,
			DelayedTaskCheckInterval: 50 * time.Millisecond,
			RetryDelayFunc:           func(int, error, *asynq.Task) time.Duration { return 0 },
			GroupGracePeriod:         time.Second,
			GroupMaxSize:             2,
			ShutdownTimeout:          5 * time.Second,
			GroupAggregator: asynq.GroupAggregatorFunc(func(_ string, tasks []*asynq.Task) *asynq.Task {
				return asynq.NewTask("group", []byte(fmt.Sprint(len(tasks), " tasks")))
			}),
		})
		unique := asynq.NewTask("add", []byte("once"))
		_, err := client.Enqueue(unique, asynq.Unique(time.Minute))
		check("a unique task", err, nil)
		_, err = client.Enqueue(unique, asynq.Unique(time.Minute))
		check("and again", errors.Is(err, asynq.ErrDuplicateTask), true)
		_, err = client.Enqueue(asynq.NewTask("add", nil), asynq.TaskID("mine"), asynq.Retention(time.Minute))
		check("a task of its own name", err, nil)
		_, err = client.Enqueue(asynq.NewTask("add", nil), asynq.TaskID("mine"))
		check("twice", errors.Is(err, asynq.ErrTaskIDConflict), true)
		for n := range 20 {
			client.Enqueue(asynq.NewTask("add", []byte(fmt.Sprint(n))), asynq.Queue("high"))
		}
		client.Enqueue(asynq.NewTask("add", nil), asynq.ProcessIn(100*time.Millisecond))
		client.Enqueue(asynq.NewTask("flaky", nil), asynq.MaxRetry(3))
		client.Enqueue(asynq.NewTask("broken", nil), asynq.TaskID("broken"))
		for n := range 2 {
			client.Enqueue(asynq.NewTask("part", []byte(fmt.Sprint(n))), asynq.Group("g"))
		}
		kept, err := client.Enqueue(asynq.NewTask("add", nil), asynq.ProcessIn(time.Hour), asynq.TaskID("later"))
		check("a task for later", []any{err, kept.State}, []any{error(nil), asynq.TaskStateScheduled})
		info, err := inspector.GetQueueInfo("high")
		check("a queue", []any{err, info.Pending}, []any{error(nil), 20})
		check("its first page", len(must(inspector.ListPendingTasks("high", asynq.PageSize(5)))), 5)

		check("Start", server.Start(handler), nil)
		check("23 tasks", eventually(func() bool { return done.Load() == 23 }), true)
		check("a task is tried again", eventually(func() bool { return tries.Load() == 2 }), true)
		check("a group of tasks", eventually(func() bool { return grouped.Load() == "2 tasks" }), true)
		check("a task that failed for good", eventually(func() bool {
			task, err := inspector.GetTaskInfo("default", "broken")
			return err == nil && task.State == asynq.TaskStateArchived
		}), true)
		check("a result is kept", eventually(func() bool {
			task, err := inspector.GetTaskInfo("default", "mine")
			return err == nil && task.State == asynq.TaskStateCompleted && string(task.Result) == "seen "
		}), true)
		check("RunTask", inspector.RunTask("default", "later"), nil)
		check("it runs now", eventually(func() bool { return done.Load() == 24 }), true)
		check("PauseQueue", inspector.PauseQueue("high"), nil)
		check("UnpauseQueue", inspector.UnpauseQueue("high"), nil)
		server.Shutdown()
		info, err = inspector.GetQueueInfo("default")
		check("the end", []any{err, info.Size - info.Archived - info.Completed, info.Archived}, []any{error(nil), 0, 1})
		check("DeleteAllArchivedTasks", value(inspector.DeleteAllArchivedTasks("default")), 1)
		check("DeleteQueue", inspector.DeleteQueue("high", false), nil)
	}
}

func must[T any](got T, err error) T {
	if err != nil {
		check("no error", err, nil)
	}
	return got
}

// eventually waits for what another goroutine is going to do.
func eventually(condition func() bool) bool {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if condition() {
			return true
		}
	}
	return condition()
}

func redigoScript(*redis.Client) func() {
	count := redigo.NewScript(1, `return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}`)
	return func() {
		connection, err := redigo.Dial("tcp", address())
		check("Dial", err, nil)
		defer connection.Close()
		for n := range int64(2) {
			values, err := redigo.Values(count.Do(connection, "k", "arg"))
			check("Do", []any{values, err}, []any{[]any{[]byte("k"), []byte("arg"), n + 1}, error(nil)})
		}
		for range 100 {
			count.SendHash(connection, "many", "arg")
		}
		connection.Flush()
		var last int64
		for range 100 {
			values, _ := redigo.Values(connection.Receive())
			last, _ = values[2].(int64)
		}
		check("100 in a pipeline", last, int64(100))
	}
}

// rueidis keeps what it has read, and is told by the server what isn't so any more: by scripts, too.
func rueidisScript(*redis.Client) func() {
	options := rueidis.ClientOption{InitAddress: []string{address()}}
	client := must(rueidis.NewClient(options))
	count := rueidis.NewLuaScript(`return redis.call('INCR', KEYS[1])`)
	get := rueidis.NewLuaScriptReadOnly(`return redis.call('GET', KEYS[1])`)
	return func() {
		// It learns of the restart by a write that fails, which it doesn't repeat by itself.
		check("connected", eventually(func() bool { return client.Do(ctx, client.B().Ping().Build()).Error() == nil }), true)
		keys := []string{"k"}
		for n := range int64(2) {
			check("Exec", value(count.Exec(ctx, client, keys, nil).AsInt64()), n+1)
			check("Exec, reading", value(get.Exec(ctx, client, keys, nil).AsInt64()), n+1)
		}
		var many []int64
		for _, reply := range count.ExecMulti(ctx, client, rueidis.LuaExec{Keys: keys}, rueidis.LuaExec{Keys: keys}) {
			many = append(many, must(reply.AsInt64()))
		}
		check("ExecMulti", many, []int64{3, 4})
		cached := func() string {
			return must(client.DoCache(ctx, client.B().Get().Key("k").Cache(), time.Minute).ToString())
		}
		check("a cached value", []string{cached(), cached()}, []string{"4", "4"})
		count.Exec(ctx, client, keys, nil)
		check("a script invalidates it", eventually(func() bool { return cached() == "5" }), true)
		for _, noLoop := range []bool{false, true} {
			locker, err := rueidislock.NewLocker(rueidislock.LockerOption{ClientOption: options, KeyMajority: 1, NoLoopTracking: noLoop})
			check("a locker", err, nil)
			_, unlock, err := locker.WithContext(ctx, "lock")
			check("lock", err, nil)
			_, _, err = locker.TryWithContext(ctx, "lock")
			check("another doesn't get it", errors.Is(err, rueidislock.ErrNotLocked), true)
			time.AfterFunc(30*time.Millisecond, unlock)
			_, unlock, err = locker.WithContext(ctx, "lock")
			check("lock when it's free", err, nil)
			unlock()
			locker.Close()
		}
	}
}
