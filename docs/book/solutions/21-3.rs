use std::sync::Mutex;
use std::sync::mpsc;

pub type Job = Box<dyn FnOnce(&mut i64) + Send>;

#[derive(Default)]
pub struct Door {
    /// None: it is closed.
    jobs: Mutex<Option<Vec<Job>>>,
}

impl Door {
    pub fn open(&self) {
        self.jobs.lock().unwrap().get_or_insert_default();
    }

    pub fn serve(&self, guarded: &mut i64) {
        // The mutex is free again before the first job begins.
        let jobs = self.jobs.lock().unwrap().as_mut().map(std::mem::take);
        jobs.into_iter().flatten().for_each(|job| job(guarded));
    }

    pub fn close(&self, guarded: &mut i64) {
        let jobs = self.jobs.lock().unwrap().take();
        jobs.into_iter().flatten().for_each(|job| job(guarded));
    }

    pub fn pass(&self, job: Job) -> Result<(), Job> {
        let (done, is_done) = mpsc::channel();
        match &mut *self.jobs.lock().unwrap() {
            Some(jobs) => jobs.push(Box::new(move |guarded| {
                job(guarded);
                done.send(()).unwrap();
            })),
            None => return Err(job),
        }
        is_done.recv().unwrap();
        Ok(())
    }
}
