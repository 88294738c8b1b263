import Docker from "dockerode";
const d = new Docker();
const spec:any = { Image: "toolscript/python:debian", Cmd: ["python3","-I","-c","import os\nos.write(2,b'x')\nos.read(0,1)"], OpenStdin:true, StdinOnce:true, AttachStdin:true, AttachStderr:true, AttachStdout:false, User:"1000:1000", NetworkDisabled:true,
 HostConfig:{ NetworkMode:"none", ReadonlyRootfs:true, CapDrop:["ALL"], SecurityOpt:["no-new-privileges"], Memory:512<<20, MemorySwap:512<<20, NanoCpus:1e9, PidsLimit:64, AutoRemove:true, LogConfig:{Type:"none",Config:{}}, IpcMode:process.env["IPC"]??"private", Tmpfs:{"/tmp":"rw,noexec,nosuid,nodev,size=64m,mode=1777"} } };
const med=(a:number[])=>a.sort((x,y)=>x-y)[a.length>>1]!;
const T:Record<string,number[]>={};
const rec=(k:string,v:number)=>(T[k]??=[]).push(v);
for (let i=0;i<12;i++){
  const t0=performance.now();
  const c=await d.createContainer(spec);
  const t1=performance.now();
  const s:any=await c.attach({stream:true,stdin:true,stderr:true,stdout:false,hijack:true});
  const t2=performance.now();
  const got=new Promise(r=>s.once("data",r));
  await c.start();
  const t3=performance.now();
  await got;
  const t4=performance.now();
  s.end("x"); s.resume();
  await new Promise(r=>s.once("close",r));
  const t5=performance.now();
  await c.wait({condition:"removed"}).catch((e:any)=>e.statusCode===404||console.log(e));
  const t6=performance.now();
  rec("create",t1-t0);rec("attach",t2-t1);rec("start",t3-t2);rec("ready-after-start",t4-t3);rec("ready",t4-t0);rec("exit",t5-t4);rec("removed",t6-t5);
}
for (const k in T) console.log(k,med(T[k]!).toFixed(1));
